// What a person would call broken: text cut off without an ellipsis, texts over each other, a page that scrolls sideways.
() => {
  const found = [];
  const seen = (element) => {
    const style = getComputedStyle(element);
    return style.visibility !== "hidden" && style.display !== "none" && style.clipPath === "none" && Number(style.opacity) > 0.05;
  };
  const words = (element) => `${element.tagName.toLowerCase()}.${String(element.className).slice(0, 40)} "${element.textContent.trim().slice(0, 40)}"`;
  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth + 1) found.push(`the page scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}`);
  const main = document.querySelector("#page");
  if (main && main.scrollWidth > main.clientWidth + 1) found.push(`#page scrolls sideways: ${main.scrollWidth} > ${main.clientWidth}`);
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    if (!node.data.trim() || !element || !seen(element)) continue;
    if (element.closest(".unseen, [data-crowd-free], script, style, noscript, [aria-hidden=true], svg, canvas")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width < 2 || box.height < 2) continue;
      // what of it is seen, and whether what is not is told by an ellipsis or can be scrolled to
      let left = box.left, right = box.right, top = box.top, bottom = box.bottom, free = false;
      for (let up = element; up && up !== document.body; up = up.parentElement) {
        const style = getComputedStyle(up);
        if (!seen(up)) { free = true; break; }
        if (style.position === "fixed") break;
        if (style.overflowX === "visible" && style.overflowY === "visible") continue;
        const around = up.getBoundingClientRect();
        const over = Math.max(around.left - box.left, box.right - around.right);
        const under = Math.max(around.top - box.top, box.bottom - around.bottom);
        const scrolls = /auto|scroll/.test(style.overflowX + style.overflowY) || "pans" in up.dataset; // a drawing is moved by hand
        if (scrolls || style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none") free = true;
        else if (!free && over > 2 && style.overflowX !== "visible") { found.push(`cut off sideways: ${words(element)}`); free = true; }
        else if (!free && under > 4 && style.overflowY !== "visible") { found.push(`cut off below: ${words(element)}`); free = true; }
        left = Math.max(left, around.left); right = Math.min(right, around.right);
        top = Math.max(top, around.top); bottom = Math.min(bottom, around.bottom);
      }
      if (right - left < 2 || bottom - top < 2) continue;
      const middle = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      if (!middle || !(element.contains(middle) || middle.contains(element))) continue; // something lies over it on purpose: a menu, a dialog
      boxes.push({ left: left + 1, right: right - 1, top: top + 2, bottom: bottom - 2, element });
    }
  }
  boxes.sort((a, b) => a.top - b.top);
  for (let i = 0; i < boxes.length; i += 1)
    for (let j = i + 1; j < boxes.length && boxes[j].top < boxes[i].bottom; j += 1) {
      const [a, b] = [boxes[i], boxes[j]];
      if (a.element === b.element || a.element.contains(b.element) || b.element.contains(a.element)) continue;
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3 && Math.min(a.bottom, b.bottom) - b.top > 3)
        found.push(`over each other: ${words(a.element)} and ${words(b.element)}`);
    }
  return [...new Set(found)].slice(0, 20);
}
