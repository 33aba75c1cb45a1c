import type { CSSProperties } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { Keypad } from '../keypad.tsx';
import { grouped, yuanText } from '../money.ts';
import type { Notice } from '../store/state.ts';
import { AMOUNT_MAX_FEN } from '../store/steps.ts';
import { useTill, useTillContext } from '../till-context.ts';

/** The amount, the keypad and the one button. */
export function Entry() {
  const { run } = useTillContext();
  const { t } = useWords();
  const typed = useTill((state) => state.typed);
  return (
    <section className="entry">
      <Amount typed={typed} />
      <NoticeLine />
      <Keypad onKey={(key) => run({ do: 'type', key })} onErase={() => run({ do: 'erase' })} />
      <Action kind="main" onPress={() => run({ do: 'charge' })} hint="Enter" testId="charge">
        {t('idle.charge')}
      </Action>
    </section>
  );
}

function Amount({ typed }: { typed: string }) {
  const { t } = useWords();
  const text = typed === '' ? '0.00' : groupedText(typed);
  return (
    <div className="amount-box">
      <output
        className={typed === '' ? 'amount amount-empty' : 'amount'}
        style={{ '--length': Math.max(text.length, 6) } as CSSProperties}
        data-testid="amount"
        aria-label={`${t('idle.amount')} ${t('voice.amount', { amount: typed || '0' })}`}
      >
        <span className="sign">¥</span>
        {text}
      </output>
    </div>
  );
}

function groupedText(typed: string): string {
  const [yuan = '', fen] = typed.split('.');
  return fen === undefined ? grouped(yuan) : `${grouped(yuan)}.${fen}`;
}

function NoticeLine() {
  const { t } = useWords();
  const { notice, typed, maxFen } = useTill((state) => ({
    notice: state.notice,
    typed: state.typed,
    maxFen: state.till?.amountMaxFen ?? AMOUNT_MAX_FEN,
  }));
  return (
    <p className="notice" role="status">
      {notice && noticeWords(t, notice, typed, maxFen)}
    </p>
  );
}

export function noticeWords(
  t: ReturnType<typeof useWords>['t'],
  notice: Notice,
  typed: string,
  maxFen: number,
): string {
  switch (notice.kind) {
    case 'amount':
      if (notice.problem === 'too_large') return t('notice.too_large', { max: yuanText(maxFen) });
      return t(typed === '' ? 'notice.zero' : 'notice.zero_typed');
    case 'scanned':
      return t('notice.scanned', { text: notice.text });
    case 'not_an_amount':
      return t('notice.not_an_amount', { text: notice.text });
    case 'cannot_cancel':
      return t('notice.cannot_cancel', { words: t(`errors.${notice.code}`) });
  }
}
