import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { attentionCount } from '../store/attention.ts';
import { useTill, useTillContext } from '../till-context.ts';

/** How many things wait for a person, on every screen; nothing while there are none. */
export function AttentionBadge() {
  const { t } = useWords();
  const { run } = useTillContext();
  const count = useTill((state) => attentionCount(state.status?.outbox));
  return (
    <span role="status">
      {count > 0 && (
        <Action
          kind="decide"
          hint="F8"
          label={`${t('attention.heading')} ${count}`}
          onPress={() => run({ do: 'attention' })}
          testId="attention"
        >
          <AttentionSign />
          <span className="badge-words">{t('attention.heading')}</span>
          <span className="number">{count}</span>
        </Action>
      )}
    </span>
  );
}

export function AttentionSign() {
  return (
    <svg className="sign-attention" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M8 1.500 15 14H1Z" />
      <path d="M8 6v4m0 1.800v.400" />
    </svg>
  );
}
