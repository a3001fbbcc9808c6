const GONE = "script, noscript, iframe, frame, frameset, object, embed, applet, base, link, meta, portal, template";
const ADDRESSES = [
  "src",
  "srcset",
  "href",
  "xlink:href",
  "action",
  "formaction",
  "poster",
  "background",
  "data",
  "ping",
];

/**
 * HTML as it can be looked at: without what runs and without what would be fetched from elsewhere.
 *
 * The frame it is shown in runs nothing anyway (`sandbox=""`, and the page's Content-Security-Policy). This keeps the
 * browser from trying, and lets us say that something was left out.
 */
export function still(html: string): { readonly html: string; readonly left: boolean } {
  const calm = html
    .replace(/<base\b[^>]*>/gi, "")
    .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/([\s"'/])on(?=[a-z]+\s*=)/gi, "$1data-on-"));
  const page = new DOMParser().parseFromString(calm, "text/html"); // a parser too reports the handlers it may not run
  let left = calm !== html;
  for (const element of page.querySelectorAll(GONE)) {
    left ||= element.tagName !== "META" || element.hasAttribute("http-equiv");
    element.remove();
  }
  for (const element of page.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      const low = name.toLowerCase();
      const leads = ADDRESSES.includes(low) && !/^\s*(data:image\/(png|jpe?g|gif|webp|bmp)[;,]|#)/i.test(value);
      if (!low.startsWith("on") && low !== "srcdoc" && !leads) continue;
      element.removeAttribute(name);
      left = true;
    }
  }
  for (const style of page.querySelectorAll("style")) style.textContent = within(style.textContent);
  for (const element of page.querySelectorAll("[style]"))
    element.setAttribute("style", within(element.getAttribute("style") ?? ""));
  return { html: `<!doctype html>${page.documentElement.outerHTML}`, left };
}

/** A style sheet that fetches nothing, also where its words are spelled with escapes. */
function within(css: string): string {
  return css
    .replace(/\\(?:([0-9a-f]{1,6})\s?|([g-z(@-]))/gi, (whole, code: string | undefined, letter: string | undefined) => {
      const one = letter ?? String.fromCodePoint(Math.min(Number.parseInt(code ?? "0", 16), 0x10ffff));
      return /[a-z@(-]/i.test(one) ? one : whole;
    })
    .replace(/@import[^;]*;?/gi, "")
    .replace(/image-set\(/gi, "none(")
    .replace(/url\((?!\s*['"]?(?:data:|#))[^)]*\)/gi, "none");
}
