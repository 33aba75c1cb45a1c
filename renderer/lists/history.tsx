import { useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { Sheet } from './sheet.tsx';
import { Timeline } from './timeline.tsx';
import { TradeRows } from './trade-rows.tsx';

/** Every trade, newest first; one of them opens as a timeline. */
export default function History(props: { tradeNo: string | undefined; onClose(): void }) {
  const { t } = useWords();
  const [isAsking, setAsking] = useState(false);
  const [query, setQuery] = useState('');
  const [opened, setOpened] = useState(props.tradeNo ?? null);
  const back = <Action onPress={() => setOpened(null)}>{t('history.back')}</Action>;
  return (
    <Sheet
      keepsOpen={isAsking}
      title={t('history.title')}
      onClose={props.onClose}
      {...(opened === null
        ? { search: { words: t('history.search'), query, onQuery: setQuery } }
        : { instead: back })}
    >
      {opened !== null ? (
        <Timeline tradeNo={opened} onAsking={setAsking} />
      ) : (
        <TradeRows query={query} onOpen={setOpened} />
      )}
    </Sheet>
  );
}
