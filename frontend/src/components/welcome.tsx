/** The empty page: questions that show what it can do, with the stand-in as with a real model. */

const SUGGESTIONS = [
  'What time is it in Europe/Zurich?',
  'Change the theme of this page to dark',
  'Explain in a few sentences how an answer streams',
];

export function Welcome({ onAsk }: { onAsk: (question: string) => void }) {
  return (
    <div className="welcome">
      <p>What would you like to know?</p>
      <ul aria-label="Suggestions">
        {SUGGESTIONS.map((question) => (
          <li key={question}>
            <button type="button" onClick={() => onAsk(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
