import { useWords } from './i18n/index.ts';
import { spokenYuan, yuanText } from './money.ts';

/** An amount: small sign, large digits; read out as yuan. */
export function Yuan({ fen }: { fen: number }) {
  const { t } = useWords();
  return (
    <span className="yuan" role="img" aria-label={t('voice.amount', { amount: spokenYuan(fen) })}>
      <span className="sign">¥</span>
      {yuanText(fen)}
    </span>
  );
}
