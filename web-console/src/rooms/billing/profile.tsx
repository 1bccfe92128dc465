import { Button, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { profileQuery, useSaveProfile } from '../../api/billing';
import { asProblem } from '../../api/problem';
import { useMay } from '../../api/team';
import type { BillingParty } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { notify } from '../../ui/notify';
import { Panel } from '../../ui/page';
import { emailProblem } from '../entrance/email';
import css from './billing.module.css';

export function ProfilePanel({ org }: { org: string }) {
  const profile = useQuery(profileQuery(org));
  return (
    <Panel title="Billing details" help="As they are printed on invoices from now on">
      <Loaded query={profile} label="billing details">
        {(party) => <ProfileForm org={org} party={party} />}
      </Loaded>
    </Panel>
  );
}

function ProfileForm({ org, party }: { org: string; party: BillingParty }) {
  const save = useSaveProfile(org);
  const may = useMay(org);
  const form = useForm({
    initialValues: {
      name: party.name,
      address: party.address ?? '',
      country: party.country ?? '',
      vat_id: party.vat_id ?? '',
      email: party.email ?? '',
    },
    validate: {
      name: (name) => (name.trim() === '' ? 'Who the invoice is for' : null),
      country: (country) =>
        country === '' || /^[A-Za-z]{2}$/.test(country) ? null : 'Two letters, such as DE or US',
      vat_id: (id) =>
        id === '' || /^[A-Za-z0-9]{4,20}$/.test(id) ? null : '4 to 20 letters and digits, without blanks',
      email: (email) => (email === '' ? null : emailProblem(email)),
    },
  });
  const submit = form.onSubmit(({ name, address, country, vat_id, email }) =>
    save.mutate(
      {
        name: name.trim(),
        address,
        country: country.toUpperCase(),
        ...(vat_id === '' ? {} : { vat_id }),
        ...(email === '' ? {} : { email: email.trim() }),
      },
      {
        onSuccess: () => {
          form.resetDirty();
          notify('Billing details saved.');
        },
        onError: (error) => form.setErrors(asProblem(error).byField),
      },
    ),
  );
  return (
    <form onSubmit={submit} noValidate aria-label="Billing details" className={layout.stack}>
      <div className={css.twoColumns}>
        <TextInput label="Name" autoComplete="organization" {...form.getInputProps('name')} />
        <TextInput
          label="Invoices also to (optional)"
          type="email"
          autoComplete="email"
          {...form.getInputProps('email')}
        />
        <Textarea
          label="Address"
          autosize
          minRows={3}
          autoComplete="street-address"
          {...form.getInputProps('address')}
        />
        <div className={layout.stack}>
          <TextInput
            label="Country (two letters)"
            maxLength={2}
            autoComplete="country"
            {...form.getInputProps('country')}
          />
          <TextInput label="VAT id (optional)" autoComplete="off" {...form.getInputProps('vat_id')} />
        </div>
      </div>
      {save.error && asProblem(save.error).fields.length === 0 && <ErrorNotice error={save.error} />}
      {may('billing.write') && (
        <div>
          <Button type="submit" variant="default" disabled={!form.isDirty()} loading={save.isPending}>
            Save the details
          </Button>
        </div>
      )}
    </form>
  );
}
