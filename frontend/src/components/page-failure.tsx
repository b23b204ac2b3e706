/** What is left to do where the conversation cannot be drawn. */

export function PageFailure({ onNewChat }: { onNewChat: () => void }) {
  return (
    <main className="page-failure">
      <div className="failure" role="alert">
        <p>This page cannot show the conversation. Reload it, or begin a new chat if that does not help.</p>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
        <button type="button" onClick={onNewChat}>
          New chat
        </button>
      </div>
    </main>
  );
}
