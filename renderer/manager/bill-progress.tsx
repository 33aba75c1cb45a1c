import type { Bill } from '../../contract/bill.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { progressWord } from './bill-words.ts';

/** How far a bill is: a bar where the whole is known, words alone where not; and its end for whoever does not want to wait. */
export function BillProgress({ bill, onStop }: { bill: Bill; onStop(billId: number): void }) {
  const { t } = useWords();
  const { progress, billId } = bill;
  if (progress === null) return null;
  const word = progressWord(t, progress);
  return (
    <div className="bill-progress" data-testid="bill-progress">
      {progress.of !== null && progress.of > 0 && (
        <progress value={progress.done} max={progress.of} aria-label={word} />
      )}
      <span>{word}</span>
      <Action onPress={() => onStop(billId)} testId="bill-stop">
        {t('bills.stop')}
      </Action>
    </div>
  );
}
