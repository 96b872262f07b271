"""The data that a report's page embeds: plain JSON values, ``docs/report.md`` says what they mean."""
