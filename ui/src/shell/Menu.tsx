import { Drawer } from "@mantine/core";

import { Nav } from "./Nav";

/** The navigation of a narrow screen, over the page. */
export function Menu({ onClose }: { readonly onClose: () => void }) {
  return (
    <Drawer opened onClose={onClose} size={260} title="Clew" closeButtonProps={{ "aria-label": "Close" }}>
      <Nav onGo={onClose} />
    </Drawer>
  );
}
