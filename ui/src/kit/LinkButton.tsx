import { Anchor, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Rest = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps | "ref">;

function AnchorButton({ ref, ...props }: ButtonProps & Rest & { readonly ref?: Ref<HTMLAnchorElement> }) {
  return <Button component="a" size="compact-sm" variant="default" {...props} {...(ref ? { ref } : {})} />;
}

/** A link that looks like a button: its address is typed by the routes. */
export const LinkButton = createLink(AnchorButton);

/** A link in Mantine's looks. */
export const LinkAnchor = createLink(Anchor<"a">);
