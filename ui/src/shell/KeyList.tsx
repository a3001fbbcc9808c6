import { Kbd, Modal, Table, Title } from "@mantine/core";
import { Fragment } from "react";

import { useStore } from "../api/store";
import { known } from "./keys";

/** Everything the keyboard does on the page shown. */
export function KeyList({ onClose }: { readonly onClose: () => void }) {
  const parts = useStore(known);
  return (
    <Modal opened onClose={onClose} title="Keys" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      {[...parts].map(([part, keys]) => (
        <Fragment key={part}>
          <Title order={3} mt="sm">
            {part}
          </Title>
          <Table verticalSpacing={4}>
            <Table.Tbody>
              {keys.map((one) => (
                <Table.Tr key={one.key}>
                  <Table.Td w={140}>
                    {one.key.split(" ").map((stroke, at) => (
                      <Kbd key={at} mr={4}>
                        {stroke.replace("mod+", "Ctrl ").replace("Arrow", "")}
                      </Kbd>
                    ))}
                  </Table.Td>
                  <Table.Td>{one.what}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Fragment>
      ))}
    </Modal>
  );
}
