import { useQuery } from '@tanstack/react-query';
import { auditHeadQuery } from '../../api/audit';
import { CopyField } from '../../ui/copy';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { Panel } from '../../ui/page';

/** Where the chain ends, to be kept elsewhere. */
export function HeadPanel({ org }: { org: string }) {
  const head = useQuery(auditHeadQuery(org));
  return (
    <Panel
      title="Head of the chain"
      help="Keep it somewhere else: then nobody, not even whoever runs Signalbox, can change an entry up to here unnoticed"
    >
      <Loaded query={head} label="the head">
        {({ seq, hash }) => (
          <>
            <CopyField
              label={`After ${seq.toLocaleString('en')} entries`}
              value={hash}
              wrap
              testId="audit-head"
            />
            <p className={layout.sub} style={{ margin: '0.625rem 0 0' }}>
              Verify an export: <code>signalbox-control-plane audit verify audit.ndjson --head …</code>
            </p>
          </>
        )}
      </Loaded>
    </Panel>
  );
}
