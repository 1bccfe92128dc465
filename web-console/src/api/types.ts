import type { components } from './schema';
import type { Schemas as Upcoming } from './upcoming-schemas';

type Schemas = components['schemas'];

export type Organisation = Upcoming['Organisation'];
export type Session = Upcoming['SessionInfo'];
export type App = Upcoming['App'];

export type AppPatch = Upcoming['AppPatch'];

export type NewCredential = Schemas['NewCredential'];
export type SecretKey = Upcoming['SecretKey'];
export type KeyPatch = Upcoming['KeyPatch'];
export type DryRunAnswer = Upcoming['DryRunAnswer'];
export type Credential = Upcoming['Credential'];
export type PreviousSecret = Upcoming['Previous'];
export type RevokedAll = Upcoming['RevokedAll'];
export type ActionName = SecretKey['actions'][number];
export type PublishableKey = Schemas['ClientKey'];
export type ClientAction = PublishableKey['actions'][number];
export type CreatedKey = Schemas['CreatedKey'];
export type Signing = Schemas['Signing'];
export type Receipt = Schemas['Receipt'];

export type PersonSession = Upcoming['PersonSession'];
export type AccountEvent = Upcoming['AccountEvent'];
export type Role = Upcoming['Role'];
export type Permission = Upcoming['Permission'];
export type Member = Upcoming['Member'];
export type Invitation = Upcoming['Invitation'];
export type ManagementToken = Upcoming['ManagementToken'];
export type NewManagementToken = Upcoming['NewToken'];
export type CreatedToken = Upcoming['CreatedToken'];
export type AuditEntry = Upcoming['Entry'];
export type Plan = Upcoming['Plan'];
export type Subscription = Upcoming['Subscription'];
export type PlanChange = Upcoming['PlanChange'];
export type InvoiceLine = Upcoming['Line'];
export type InvoiceSummary = Upcoming['InvoiceSummary'];
export type BillingParty = Upcoming['Party'];
export type Refusal = Upcoming['Refusal'];
export type PermissionInfo = Upcoming['Permissions']['permissions'][number];
export type AlertSettings = Upcoming['AlertSettings'];
export type CurrentBill = Upcoming['CurrentBill'];
export type Granularity = Upcoming['Granularity'];
export type UsageCounts = Upcoming['Counts'];
export type UsageBucket = Upcoming['Bucket'];
export type Usage = Upcoming['Usage'];
export type AppUsage = Upcoming['AppUsage'];
export type OrganisationUsage = Upcoming['OrganisationUsage'];
export type Quota = Upcoming['Quota'];
