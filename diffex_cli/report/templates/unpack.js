"use strict";
// The data of a large page are packed; its script runs once they are text.
const unpack = async (id) => {
  const holder = document.getElementById(id);
  const bytes = Uint8Array.from(atob(holder.textContent), (sign) => sign.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  holder.textContent = await new Response(plain).text();
};
Promise.all(["diffex-data", "diffex-pictures"].map(unpack)).then(() => {
  const script = document.createElement("script"); // the page's policy knows it by its digest
  script.textContent = document.getElementById("diffex-script").textContent;
  document.body.append(script);
});
