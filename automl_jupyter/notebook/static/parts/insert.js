/* ---- code that can be put into a cell ------------------------------------------------------------------------- */

/* Put text into a new cell below the one that `node` is in: JupyterLab's and Notebook's own button makes the cell, and
 * its editor takes what is pasted. Returns whether that was possible. */
export async function insertBelow(node, text) {
  const cell = node.closest(".jp-Cell");
  if (!cell) return false;
  const before = new Set(document.querySelectorAll(".jp-Cell"));
  cell.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, button: 0 }));
  await new Promise((done) => setTimeout(done, 60));
  const button = cell.querySelector('[data-command="notebook:insert-cell-below"]');
  if (!button) return false;
  button.click();
  for (let i = 0; i < 20; i += 1) {
    await new Promise((done) => setTimeout(done, 50));
    const made = [...document.querySelectorAll(".jp-Cell")].find((c) => !before.has(c));
    const editor = made?.querySelector(".cm-content");
    if (!editor) continue;
    const clipboard = new DataTransfer();
    clipboard.setData("text/plain", text);
    editor.focus();
    editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true }));
    return true;
  }
  return false;
}

function makeCode(root, code) {
  const box = make("div", "amlj-code", root);
  const said = make("span", "amlj-quiet", null, "");
  said.setAttribute("role", "status");
  const pre = make("pre", "", box);
  pre.tabIndex = 0;
  make("code", "", pre, code);
  const bar = make("div", "amlj-tools", box);
  makeButton("amlj-quiet-button", bar, "Insert below", "Put this into a new cell below", async () => {
    setText(said, (await insertBelow(root, code)) ? "Inserted below." : "This page lets no cell be inserted; copy the code.");
  });
  makeButton("amlj-quiet-button", bar, "Copy", "Copy this to the clipboard", async () => {
    try {
      await navigator.clipboard.writeText(code);
      setText(said, "Copied.");
    } catch {
      setText(said, "This page may not copy; select the code.");
    }
  });
  bar.append(said);
}
