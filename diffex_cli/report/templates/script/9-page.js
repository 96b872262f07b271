// The page comes to life.

// Links to attributes lead, without this script, to the table's rows.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-attribute]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  visit(Number(link.dataset.attribute));
});
document.addEventListener("keydown", walk);

addEventListener("hashchange", () => {
  const own = /^#(a\d+|[a-z]+-title|word-[a-z-]+)$/.test(location.hash);
  if (own) return;
  readAddress();
  choose({ ...state });
});

addEventListener("beforeprint", () => {
  for (const image of document.images) image.loading = "eager";
  drawAllDots();
});

readAddress();
front();
glance();
arrange();
wireTools();
document.querySelectorAll("table.sortable").forEach(sortable);
document.documentElement.classList.add("scripted");
if (state.open.size) visit([...state.open][0]);
