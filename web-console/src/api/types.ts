import type { components } from './schema';

type Schemas = components['schemas'];

export type Organisation = Schemas['Organisation'];
export type Session = Schemas['SessionInfo'];
export type PersonSession = Schemas['Session'];
export type AccountEvent = Schemas['AccountEvent'];

export type Role = Schemas['Role'];
export type Permission = Schemas['Permission'];
export type PermissionInfo = Schemas['PermissionInfo'];
export type Member = Schemas['Member'];
export type Invitation = Schemas['Invitation'];
export type ManagementToken = Schemas['ManagementToken'];
export type NewManagementToken = Schemas['NewToken'];
export type CreatedToken = Schemas['CreatedToken'];
export type AuditEntry = Schemas['ListedEntry'];

export type App = Schemas['App'];
export type AppPatch = Schemas['AppPatch'];

export type Credential = Schemas['Credential'];
export type ImportedPair = Schemas['ImportedPair'];
export type NewCredential = Schemas['NewCredential'];
export type PreviousSecret = Schemas['Previous'];
export type RevokedAll = Schemas['RevokedAll'];
export type SecretKey = Schemas['SecretKey'];
export type CreatedKey = Schemas['CreatedKey'];
export type KeyPatch = Schemas['KeyPatch'];
export type ActionName = Schemas['ActionName'];
export type PublishableKey = Schemas['ClientKey'];
export type PublishableKeyPatch = Schemas['ClientKeyPatch'];
export type ClientAction = Schemas['ClientAction'];
export type Signing = Schemas['Signing'];
export type DryRunAnswer = Schemas['DryRunAnswer'];
export type Receipt = Schemas['Receipt'];

export type Plan = Schemas['Plan'];
export type Subscription = Schemas['Subscription'];
export type PlanChange = Schemas['PlanChange'];
export type BillingParty = Schemas['Profile'];
export type CurrentBill = Schemas['CurrentBill'];
export type Invoice = Schemas['Invoice'];
export type InvoiceLine = Schemas['Line'];
export type InvoiceSummary = Schemas['InvoiceSummary'];
export type Alert = Schemas['Alert'];
export type AlertSettings = Schemas['AlertSettings'];

export type Granularity = Schemas['Granularity'];
export type UsageCounts = Schemas['Counts'];
export type UsageBucket = Schemas['Bucket'];
export type AppUsage = Schemas['AppUsage'];
export type OrganisationUsage = Schemas['OrganisationUsage'];
/** What both of them have. */
export type Usage = Pick<AppUsage, keyof AppUsage & keyof OrganisationUsage>;
export type Quota = Schemas['Quota'];
export type Refusal = Schemas['Refusal'];
