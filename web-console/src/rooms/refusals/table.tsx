import { Anchor, Table } from '@mantine/core';
import type { Refusal } from '../../api/types';
import { count } from '../../ui/amount';
import layout from '../../ui/layout.module.css';
import { Mono } from '../../ui/page';
import { Nothing, WideTable } from '../../ui/table';
import { Time } from '../../ui/time';
import { causeOf } from './causes';
import css from './refusals.module.css';

export function RefusalsTable({
  items,
  names,
  onShow,
}: {
  items: Refusal[];
  names: ReadonlyMap<string, string>;
  onShow: (id: string) => void;
}) {
  return (
    <WideTable label="Refusals" minWidth={860}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Cause</Table.Th>
          <Table.Th>What</Table.Th>
          <Table.Th>Key</Table.Th>
          <Table.Th>Limit</Table.Th>
          <Table.Th>When</Table.Th>
          <Table.Th>Request id</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((refusal) => (
          <Table.Tr key={refusal.request_id} data-testid="refusal-row" data-code={refusal.code}>
            <Table.Td className={css.cause}>
              <span className={layout.cellName}>{causeOf(refusal.code)?.label ?? refusal.code}</span>
              <br />
              <span className={layout.sub}>
                <Mono>{refusal.code}</Mono>
              </span>
            </Table.Td>
            <Table.Td>
              {refusal.action}
              <br />
              <span className={layout.sub}>
                {refusal.dialect}
                {refusal.channel && <> · {refusal.channel}</>}
              </span>
            </Table.Td>
            <Table.Td>
              {refusal.key ? (names.get(refusal.key) ?? <Mono>{refusal.key}</Mono>) : <Nothing />}
            </Table.Td>
            <Table.Td>
              {refusal.limit === null ? (
                <Nothing />
              ) : (
                <>
                  {refusal.used === null ? '' : `${count(refusal.used)} of `}
                  {count(refusal.limit)}
                  <br />
                  <span className={layout.sub}>{refusal.rule}</span>
                </>
              )}
            </Table.Td>
            <Table.Td>
              <Time iso={refusal.at} />
            </Table.Td>
            <Table.Td>
              <Anchor
                component="button"
                type="button"
                size="sm"
                ta="left"
                onClick={() => onShow(refusal.request_id)}
                aria-label={`Show ${refusal.request_id}`}
              >
                <span className={css.id}>
                  <Mono>{refusal.request_id}</Mono>
                </span>
              </Anchor>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}
