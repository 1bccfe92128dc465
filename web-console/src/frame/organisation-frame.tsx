import { Button } from '@mantine/core';
import { Outlet } from '@tanstack/react-router';
import { ArchiveRestore } from 'lucide-react';
import { useRestoreOrganisation } from '../api/organisations';
import type { Organisation } from '../api/types';
import { ErrorNotice } from '../ui/errors';
import { notify } from '../ui/notify';
import { Notice } from '../ui/page';
import { relativeTime } from '../ui/time';
import css from './frame.module.css';
import { useOrganisation } from './use-organisation';

/** What all rooms of one organisation share: that it exists, and whether it is about to go. */
export default function OrganisationFrame() {
  const organisation = useOrganisation();
  return (
    <>
      {organisation.deleting_at && (
        <DeletionBanner organisation={organisation} deletingAt={organisation.deleting_at} />
      )}
      <Outlet />
    </>
  );
}

function DeletionBanner({ organisation, deletingAt }: { organisation: Organisation; deletingAt: string }) {
  const restore = useRestoreOrganisation(organisation.id);
  return (
    <div className={css.banner}>
      <Notice
        tone="bad"
        role="status"
        icon={<ArchiveRestore size={17} aria-hidden />}
        title={`${organisation.name} is deleted ${relativeTime(deletingAt)}`}
      >
        <div className={css.bannerRow}>
          <span>
            On {new Date(deletingAt).toLocaleDateString('en', { dateStyle: 'long' })} its apps, keys and team
            go for good. Until then its apps are switched off, and an owner can bring it back.
          </span>
          {organisation.role === 'owner' && (
            <Button
              size="xs"
              variant="default"
              loading={restore.isPending}
              onClick={() =>
                restore.mutate(undefined, { onSuccess: () => notify(`${organisation.name} is back.`) })
              }
            >
              Restore it
            </Button>
          )}
        </div>
        {restore.error && <ErrorNotice error={restore.error} />}
      </Notice>
    </div>
  );
}
