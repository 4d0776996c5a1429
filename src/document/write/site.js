// Shows the rows that contain what is typed. Without it the whole list is there.
const field = document.getElementById("search");
const rows = [...document.querySelectorAll("tbody tr")];
const found = document.getElementById("found");
const plain = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
field.closest("p").hidden = false;
field.addEventListener("input", () => {
  const wanted = plain(field.value);
  let shown = 0;
  for (const row of rows) {
    row.hidden = !plain(row.textContent).includes(wanted);
    shown += row.hidden ? 0 : 1;
  }
  found.textContent = `${shown} / ${rows.length} 项`;
});
