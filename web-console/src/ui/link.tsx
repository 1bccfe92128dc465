import { ActionIcon, Anchor, Button, Tooltip, type AnchorProps, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, ReactNode, Ref } from 'react';

type Html<Props> = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & {
  ref?: Ref<HTMLAnchorElement>;
};

/** A link within running text. */
export const TextLink = createLink((props: AnchorProps & Html<AnchorProps>) => (
  <Anchor underline="always" inherit {...props} />
));

/** A link that looks like a button. */
export const ButtonLink = createLink((props: ButtonProps & Html<ButtonProps>) => (
  <Button component="a" {...props} />
));

type IconProps = { label: string; children: ReactNode };

export const IconLink = createLink(({ label, ...props }: IconProps & Html<IconProps>) => (
  <Tooltip label={label}>
    <ActionIcon component="a" aria-label={label} {...props} />
  </Tooltip>
));
