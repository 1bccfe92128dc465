import { Table, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Check } from 'lucide-react';
import { permissionsQuery } from '../../api/team';
import { Loaded } from '../../ui/loading';
import { Panel } from '../../ui/page';
import { permissionWords } from '../../ui/permissions';
import { WideTable } from '../../ui/table';
import { roleLabel } from './roles';

/** Which role may what, as the API has it. */
export function RolesPanel() {
  const permissions = useQuery(permissionsQuery);
  return (
    <Panel flush title="Roles" help="What each may do">
      <Loaded query={permissions} label="roles">
        {({ permissions: all, roles }) => (
          <WideTable label="Roles" minWidth={520} comparing>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Permission</Table.Th>
                {roles.map(({ role }) => (
                  <Table.Th key={role} ta="center">
                    {roleLabel(role)}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {all.map(({ permission, description }) => (
                <Table.Tr key={permission}>
                  <Table.Td title={description}>{permissionWords(permission).label}</Table.Td>
                  {roles.map(({ role, permissions: own }) => (
                    <Table.Td key={role} ta="center">
                      {own.includes(permission) ? (
                        <Check size={16} color="var(--sb-good)" role="img" aria-label="yes" />
                      ) : (
                        <VisuallyHidden>no</VisuallyHidden>
                      )}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </WideTable>
        )}
      </Loaded>
    </Panel>
  );
}
