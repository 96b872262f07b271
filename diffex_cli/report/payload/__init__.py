"""The data that a report's page embeds: plain JSON values, ``docs/artifacts.md`` says what they mean."""
