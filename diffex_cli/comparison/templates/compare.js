"use strict";
(() => {
  // an unknown number sorts last in either direction
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  };
  const compare = (a, b, rising) => {
    if (typeof a === "string") return (rising ? 1 : -1) * a.localeCompare(b);
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return rising ? a - b : b - a;
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (head.tagName !== "TH") return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const rising = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", rising ? "ascending" : "descending");
        const body = table.tBodies[0];
        body.append(...[...body.rows].sort((a, b) => compare(key(a, column), key(b, column), rising)));
      });
    });
  }

  for (const buttons of document.querySelectorAll(".buttons")) {
    const rows = [...buttons.nextElementSibling.querySelector("tbody").rows];
    const only = buttons.querySelector(".only-changed");
    const find = buttons.querySelector(".find");
    const show = () => {
      const wanted = find.value.trim().toLowerCase();
      rows.forEach((row) => {
        const named = row.cells[0].textContent.toLowerCase().includes(wanted);
        row.hidden = !named || (only.checked && !row.classList.contains("is-changed"));
      });
      buttons.querySelector(".shown").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
    };
    buttons.hidden = false;
    buttons.addEventListener("input", show);
    show();
  }
})();
