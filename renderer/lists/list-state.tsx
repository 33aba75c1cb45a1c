import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import type { LinkErrorCode } from '../link-error.ts';

/** What stands where rows would be: reading, failed, or nothing there. */
export function ListState(props: {
  isRead: boolean;
  failure: LinkErrorCode | null;
  empty: string | null;
  onAgain(): void;
}) {
  const { t } = useWords();
  if (props.failure)
    return (
      <div className="list-state" role="alert">
        <p>{t('list.failed', { words: t(`errors.${props.failure}`) })}</p>
        <Action onPress={props.onAgain}>{t('list.again')}</Action>
      </div>
    );
  if (!props.isRead) return <p className="list-state quiet">{t('list.loading')}</p>;
  return props.empty === null ? null : <p className="list-state quiet">{props.empty}</p>;
}
