import { UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';

/** A button that leaves the keyboard where it is: a till's keys need no focus. */
export function Action(props: {
  onPress?(): void;
  children: ReactNode;
  /** The key that does the same, as printed on it. */
  hint?: string;
  kind?: 'main' | 'plain' | 'quiet' | 'decide';
  label?: string;
  /** What it began is under way: pressing does nothing, and the focus stays. */
  busy?: boolean;
  pressed?: boolean;
  testId?: string;
  /** A key on the keyboard does the same: Tab passes it by. */
  isForFingers?: boolean;
  /** `submit` sends the form around it. */
  type?: 'button' | 'submit';
}) {
  const {
    onPress,
    children,
    hint,
    kind = 'plain',
    label,
    busy = false,
    pressed,
    testId,
    type,
    isForFingers,
  } = props;
  return (
    <UnstyledButton
      className={`action action-${kind}`}
      onMouseDown={(event) => event.preventDefault()}
      type={type ?? 'button'}
      onClick={busy ? undefined : onPress}
      data-hint={hint}
      aria-label={label}
      aria-pressed={pressed}
      aria-disabled={busy || undefined}
      data-testid={testId}
      tabIndex={isForFingers ? -1 : undefined}
    >
      {children}
    </UnstyledButton>
  );
}
