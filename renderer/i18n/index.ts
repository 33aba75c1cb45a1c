import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { remember, remembered } from '../memory.ts';
import { en, type Key } from './en.ts';
import { zh } from './zh.ts';

export type Language = 'zh-CN' | 'en';
/** Keys whose words depend on `count`. */
type CountedKey = 'idle.today_count' | 'checking.asked' | 'shift.count';
export type Words = (key: Key | CountedKey, values?: Record<string, string | number>) => string;

/** The language chosen before, else the system's: Chinese for any Chinese, English for the rest. */
function startLanguage(): Language {
  const chosen = remembered('language');
  if (chosen === 'zh-CN' || chosen === 'en') return chosen;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

export async function startWords(): Promise<void> {
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language;
    document.title = words('app.name');
  });
  await i18next.use(initReactI18next).init({
    lng: startLanguage(),
    fallbackLng: 'en',
    resources: { 'zh-CN': { translation: zh }, en: { translation: en } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
  });
}

export function words(key: Key, values?: Record<string, string | number>): string {
  return i18next.t(key, values ?? {});
}

/** The words in the language of the screen; the component renders anew when that changes. */
export function useWords(): { t: Words; language: Language } {
  const { t, i18n } = useTranslation();
  return { t: (key, values) => t(key, values ?? {}), language: i18n.language === 'en' ? 'en' : 'zh-CN' };
}

export function currentLanguage(): Language {
  return i18next.language === 'en' ? 'en' : 'zh-CN';
}

export function toggleLanguage(): void {
  const next = currentLanguage() === 'en' ? 'zh-CN' : 'en';
  remember('language', next);
  void i18next.changeLanguage(next);
}

/** A word of the backend's as a key of the catalogue; null when the catalogue has none. */
export function keyOf(prefix: string, word: string): Key | null {
  const key = `${prefix}.${word}`;
  return key in en ? (key as Key) : null;
}
