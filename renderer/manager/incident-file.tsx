import { useState } from 'react';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { saveFile } from '../save-file.ts';
import { useTillContext } from '../till-context.ts';

/** Everything that is known of the trade's order, as a file to hand on: to read and print, or as data. */
export function IncidentFile({ orderNo }: { orderNo: string }) {
  const { api } = useTillContext();
  const { t, language } = useWords();
  const lang = language === 'en' ? 'en' : 'zh';
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);

  async function save(format: 'html' | 'json'): Promise<void> {
    setBusy(true);
    setFailure(null);
    try {
      saveFile(await api.orders.incidentFile({ orderNo, format, lang }));
    } catch (error) {
      setFailure(linkError(error).code);
    }
    setBusy(false);
  }

  return (
    <section className="incident-file" aria-label={t('incident_file.title')}>
      <Action onPress={() => void save('html')} busy={busy} testId="incident-file">
        {t('incident_file.title')}
      </Action>
      <Action kind="quiet" onPress={() => void save('json')} busy={busy} testId="incident-file-json">
        JSON
      </Action>
      <p className="quiet">{failure ? errorWords(t, failure, {}) : t('incident_file.hint')}</p>
    </section>
  );
}
