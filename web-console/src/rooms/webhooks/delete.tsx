import { useDeleteEndpoint, type Endpoint, type Owner } from '../../api/webhooks';
import { TypedConfirm } from '../../ui/confirm';
import { notify } from '../../ui/notify';
import { hostOf } from '../../webhooks/url';

export function DeleteEndpoint({
  owner,
  endpoint,
  onClose,
  onDeleted,
}: {
  owner: Owner;
  endpoint: Endpoint | null;
  onClose: () => void;
  onDeleted?: () => void;
}) {
  const remove = useDeleteEndpoint(owner);
  return (
    <TypedConfirm
      opened={endpoint !== null}
      onClose={() => {
        remove.reset();
        onClose();
      }}
      title="Delete endpoint"
      phrase={endpoint ? hostOf(endpoint.url) : ''}
      action="Delete endpoint"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() =>
        endpoint &&
        remove.mutate(endpoint.id, {
          onSuccess: () => {
            notify('The endpoint is deleted.');
            onClose();
            onDeleted?.();
          },
        })
      }
    >
      Nothing is sent to {endpoint?.url} any more. What waits for it, its dead letters and its log are gone
      with it. To stop for a while, disable it.
    </TypedConfirm>
  );
}
