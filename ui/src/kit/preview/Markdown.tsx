import ReactMarkdown, { type Components } from "react-markdown";

// Pictures are not fetched: the page asks no other server, whatever was recorded.
const components: Components = {
  img: ({ alt, src }) =>
    typeof src === "string" && src.startsWith("data:image/") ? (
      <img alt={alt} src={src} />
    ) : (
      <em>{alt ?? "picture"}</em>
    ),
  a: ({ children, href }) => (
    <a href={href} rel="noreferrer noopener" target="_blank">
      {children}
    </a>
  ),
};

/** Markdown as a page; HTML in it is shown as text. */
export function Markdown({ text }: { readonly text: string }) {
  return <ReactMarkdown components={components}>{text}</ReactMarkdown>;
}
