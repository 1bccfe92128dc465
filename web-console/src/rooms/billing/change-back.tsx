import { Button } from '@mantine/core';
import { useChangePlan } from '../../api/billing';
import type { Plan } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';

/** Takes back what was chosen for the next period. */
export function ChangeBack({ org, plan }: { org: string; plan: Plan }) {
  const change = useChangePlan(org);
  return (
    <>
      {change.error && <ErrorNotice error={change.error} />}
      <Button
        size="xs"
        variant="default"
        loading={change.isPending}
        onClick={() =>
          change.mutate(plan.plan, { onSuccess: () => notify(`You stay with ${plan.display_name}.`) })
        }
      >
        Stay with {plan.display_name}
      </Button>
    </>
  );
}
