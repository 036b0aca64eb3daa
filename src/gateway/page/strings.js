// What the page says, in the languages it knows. The first column stands in index.html too, for
// the moment before this runs.
const LANGUAGES = ["en", "de", "fr", "es", "zh"];
const STRINGS = {
  title: ["A conversation, out loud.", "Ein Gespräch, laut gesprochen.",
    "Une conversation, à voix haute.", "Una conversación, en voz alta.", "开口，就能对话。"],
  invitation: ["Press the button and speak. Interrupt whenever you like.",
    "Drücken Sie die Taste und sprechen Sie. Unterbrechen Sie, wann immer Sie mögen.",
    "Appuyez sur le bouton et parlez. Interrompez quand vous voulez.",
    "Pulse el botón y hable. Interrumpa cuando quiera.", "按下按钮，开始说话。您可以随时打断。"],
  toy: ["The built-in language model is a toy of 135 million parameters: it shows that the " +
    "conversation works, not what one can know. Name a real one with llm.url.",
    "Das eingebaute Sprachmodell ist ein Spielzeug mit 135 Millionen Parametern: Es zeigt, dass " +
    "das Gespräch gelingt, nicht, was man wissen kann. Ein richtiges nennen Sie mit llm.url.",
    "Le modèle de langue intégré est un jouet de 135 millions de paramètres : il montre que la " +
    "conversation fonctionne, pas ce qu’on peut savoir. Indiquez-en un vrai avec llm.url.",
    "El modelo de lenguaje incluido es un juguete de 135 millones de parámetros: muestra que la " +
    "conversación funciona, no lo que se puede saber. Indique uno de verdad con llm.url.",
    "内置的语言模型只有 1.35 亿个参数，仅供演示对话流程，并不博学。请用 llm.url 指定真正的模型。"],
  conversation: ["Conversation", "Gespräch", "Conversation", "Conversación", "对话"],
  you: ["You", "Sie", "Vous", "Usted", "您"],

  off: ["Ready", "Bereit", "Prêt", "Listo", "就绪"],
  connecting: ["Connecting…", "Verbinde …", "Connexion…", "Conectando…", "正在连接…"],
  reconnecting: ["Reconnecting…", "Verbinde neu …", "Reconnexion…", "Reconectando…", "正在重新连接…"],
  listening: ["Listening", "Ich höre", "À l’écoute", "Escuchando", "正在聆听"],
  hearing: ["Listening to you", "Ich höre Ihnen zu", "Je vous écoute", "Le escucho", "正在听您说"],
  thinking: ["Thinking…", "Denke nach …", "Réflexion…", "Pensando…", "正在思考…"],
  speaking: ["Speaking", "Ich spreche", "Je parle", "Hablando", "正在说话"],
  muted: ["Muted", "Stummgeschaltet", "Micro coupé", "Silenciado", "已静音"],
  over: ["The conversation has ended", "Das Gespräch ist beendet", "La conversation est terminée",
    "La conversación ha terminado", "对话已结束"],
  unmuted: ["Microphone on", "Mikrofon an", "Micro activé", "Micrófono activado", "麦克风已开启"],

  start: ["Start talking", "Gespräch beginnen", "Commencer à parler", "Empezar a hablar", "开始对话"],
  stop: ["End the conversation", "Gespräch beenden", "Terminer la conversation",
    "Terminar la conversación", "结束对话"],
  mute: ["Mute", "Stumm", "Muet", "Silenciar", "静音"],
  level: ["Microphone level", "Mikrofonpegel", "Niveau du micro", "Nivel del micrófono", "麦克风音量"],
  keys: ["Space starts and ends · M mutes", "Leertaste beginnt und beendet · M schaltet stumm",
    "Espace commence et termine · M coupe le micro",
    "Espacio empieza y termina · M silencia", "空格键开始和结束 · M 键静音"],
  dismiss: ["Dismiss this message", "Meldung schließen", "Fermer ce message", "Cerrar este mensaje",
    "关闭此消息"],

  settings: ["Settings", "Einstellungen", "Réglages", "Ajustes", "设置"],
  microphone: ["Microphone", "Mikrofon", "Microphone", "Micrófono", "麦克风"],
  speaker: ["Loudspeaker", "Lautsprecher", "Haut-parleur", "Altavoz", "扬声器"],
  systemChoice: ["The system’s choice", "Wahl des Systems", "Choix du système",
    "El que elija el sistema", "系统默认"],
  headphones: ["I wear headphones", "Ich trage Kopfhörer", "Je porte un casque",
    "Llevo auriculares", "我戴着耳机"],
  headphonesWhy: ["Interrupting works faster when the voice cannot reach the microphone.",
    "Unterbrechen geht schneller, wenn die Stimme das Mikrofon nicht erreicht.",
    "L’interruption est plus rapide quand la voix n’atteint pas le micro.",
    "Interrumpir es más rápido cuando la voz no llega al micrófono.",
    "声音传不到麦克风时，打断会更快。"],
  readAlong: ["Screen reader reads the conversation", "Vorleseprogramm liest das Gespräch mit",
    "Le lecteur d’écran lit la conversation", "El lector de pantalla lee la conversación",
    "屏幕阅读器朗读对话"],
  readAlongWhy: ["Off by default: what it reads aloud reaches the microphone.",
    "Zunächst aus: Was es vorliest, erreicht das Mikrofon.",
    "Désactivé au départ : ce qu’il lit à voix haute atteint le micro.",
    "Desactivado al principio: lo que lee en voz alta llega al micrófono.",
    "默认关闭：朗读的声音会传入麦克风。"],
  key: ["Access key", "Zugangsschlüssel", "Clé d’accès", "Clave de acceso", "访问密钥"],
  keyWhy: ["Only if the server asks for one. Kept until this tab is closed.",
    "Nur, wenn der Server einen verlangt. Bleibt, bis dieser Tab geschlossen wird.",
    "Seulement si le serveur en demande une. Conservée jusqu’à la fermeture de l’onglet.",
    "Solo si el servidor la pide. Se conserva hasta cerrar esta pestaña.",
    "仅在服务器要求时填写，关闭此标签页后即失效。"],
  done: ["Done", "Fertig", "Terminé", "Hecho", "完成"],

  answeredIn: ["answered in {ms} ms", "geantwortet nach {ms} ms", "réponse en {ms} ms",
    "respondió en {ms} ms", "{ms} 毫秒后回答"],
  noAnswer: ["no answer", "keine Antwort", "pas de réponse", "sin respuesta", "没有回答"],
  interrupted: ["interrupted", "unterbrochen", "interrompu", "interrumpido", "被打断"],
  turnExplained: ["From the end of your speech to the first sound that left the server.",
    "Vom Ende Ihrer Rede bis zum ersten Laut, der den Server verließ.",
    "De la fin de votre phrase au premier son qui a quitté le serveur.",
    "Desde el final de su frase hasta el primer sonido que salió del servidor.",
    "从您说完到第一个声音离开服务器。"],
  stage: ["Stage", "Abschnitt", "Étape", "Etapa", "阶段"],
  when: ["When", "Wann", "Quand", "Cuándo", "时间"],
  took: ["Milliseconds", "Millisekunden", "Millisecondes", "Milisegundos", "毫秒"],
  ms: ["{ms} ms", "{ms} ms", "{ms} ms", "{ms} ms", "{ms} 毫秒"],
  stageEnd: ["End noticed", "Ende bemerkt", "Fin remarquée", "Fin advertido", "察觉说完"],
  stageWords: ["Words settled", "Worte verstanden", "Mots établis", "Palabras fijadas", "识别完成"],
  stageThought: ["First thought", "Erster Gedanke", "Première idée", "Primera idea", "首个词元"],
  stageClause: ["First clause", "Erster Satzteil", "Première proposition", "Primera frase",
    "首个分句"],
  stageVoice: ["Voice", "Stimme", "Voix", "Voz", "合成语音"],
  stageSent: ["Sent to you", "Zu Ihnen gesandt", "Envoyé vers vous", "Enviado a usted", "发送给您"],
  stageBrowser: ["In your browser", "In Ihrem Browser", "Dans votre navigateur",
    "En su navegador", "浏览器播放"],

  micBlocked: ["The microphone is blocked. Allow it for this page in the browser’s address bar, " +
    "then press the button again.",
    "Das Mikrofon ist gesperrt. Erlauben Sie es für diese Seite in der Adresszeile des Browsers " +
    "und drücken Sie die Taste noch einmal.",
    "Le micro est bloqué. Autorisez-le pour cette page dans la barre d’adresse du navigateur, " +
    "puis appuyez de nouveau sur le bouton.",
    "El micrófono está bloqueado. Permítalo para esta página en la barra de direcciones y pulse " +
    "el botón otra vez.",
    "麦克风被禁止。请在浏览器地址栏中允许本页使用，然后再按一次按钮。"],
  micMissing: ["No microphone was found. Plug one in, or choose another under Settings.",
    "Kein Mikrofon gefunden. Schließen Sie eines an oder wählen Sie unter Einstellungen ein " +
    "anderes.",
    "Aucun micro trouvé. Branchez-en un ou choisissez-en un autre dans Réglages.",
    "No se encontró ningún micrófono. Conecte uno o elija otro en Ajustes.",
    "没有找到麦克风。请接入一个，或在设置中选择其他麦克风。"],
  micBusy: ["The microphone is in use by another program. Close that, then press the button again.",
    "Das Mikrofon wird von einem anderen Programm benutzt. Schließen Sie dieses und drücken Sie " +
    "die Taste noch einmal.",
    "Le micro est utilisé par un autre programme. Fermez-le, puis appuyez de nouveau sur le " +
    "bouton.",
    "Otro programa usa el micrófono. Ciérrelo y pulse el botón otra vez.",
    "麦克风正被其他程序占用。请关闭该程序，然后再按一次按钮。"],
  micInsecure: ["Browsers give the microphone only to pages from this machine or over https. " +
    "Open this page by https, or at http://localhost.",
    "Browser geben das Mikrofon nur Seiten von diesem Rechner oder über https. Öffnen Sie diese " +
    "Seite mit https oder unter http://localhost.",
    "Les navigateurs ne donnent le micro qu’aux pages de cette machine ou en https. Ouvrez cette " +
    "page en https ou à l’adresse http://localhost.",
    "Los navegadores solo dan el micrófono a páginas de este equipo o por https. Abra esta " +
    "página con https o en http://localhost.",
    "浏览器只允许本机页面或 https 页面使用麦克风。请用 https 或 http://localhost 打开本页。"],
  micFailed: ["The microphone could not be opened: {message}",
    "Das Mikrofon ließ sich nicht öffnen: {message}", "Le micro n’a pas pu être ouvert : {message}",
    "No se pudo abrir el micrófono: {message}", "无法打开麦克风：{message}"],
  micLost: ["The microphone was unplugged. Press the button to go on.",
    "Das Mikrofon wurde getrennt. Drücken Sie die Taste, um weiterzumachen.",
    "Le micro a été débranché. Appuyez sur le bouton pour continuer.",
    "Se desconectó el micrófono. Pulse el botón para seguir.", "麦克风已断开。按下按钮继续。"],
  soundFailed: ["Sound does not work in this browser: {message}",
    "In diesem Browser gibt es keinen Ton: {message}",
    "Le son ne fonctionne pas dans ce navigateur : {message}",
    "El sonido no funciona en este navegador: {message}", "此浏览器无法播放声音：{message}"],

  lost: ["The connection was lost, and is being restored. What you say now is not heard.",
    "Die Verbindung ist abgerissen und wird wiederhergestellt. Was Sie jetzt sagen, wird nicht " +
    "gehört.",
    "La connexion est perdue et se rétablit. Ce que vous dites n’est pas entendu.",
    "Se perdió la conexión y se está restableciendo. Lo que diga ahora no se oye.",
    "连接已断开，正在恢复。您现在说的话不会被听到。"],
  unreachable: ["The server does not answer yet. Trying again…",
    "Der Server antwortet noch nicht. Neuer Versuch …",
    "Le serveur ne répond pas encore. Nouvel essai…",
    "El servidor aún no responde. Intentándolo de nuevo…", "服务器暂无响应，正在重试…"],
  gaveUp: ["The server does not answer. Press the button to try again.",
    "Der Server antwortet nicht. Drücken Sie die Taste, um es noch einmal zu versuchen.",
    "Le serveur ne répond pas. Appuyez sur le bouton pour réessayer.",
    "El servidor no responde. Pulse el botón para intentarlo de nuevo.",
    "服务器没有响应。按下按钮重试。"],
  needsKey: ["The server asks for an access key: enter it under Settings, then press the button.",
    "Der Server verlangt einen Zugangsschlüssel: Geben Sie ihn unter Einstellungen ein und " +
    "drücken Sie die Taste.",
    "Le serveur demande une clé d’accès : saisissez-la dans Réglages, puis appuyez sur le bouton.",
    "El servidor pide una clave de acceso: escríbala en Ajustes y pulse el botón.",
    "服务器需要访问密钥：请在设置中输入，然后按下按钮。"],
  ended: ["The server ended the conversation. {why}", "Der Server hat das Gespräch beendet. {why}",
    "Le serveur a mis fin à la conversation. {why}",
    "El servidor terminó la conversación. {why}", "服务器结束了对话。{why}"],
  notUnderstood: ["That could not be understood. Please say it again.",
    "Das war nicht zu verstehen. Bitte sagen Sie es noch einmal.",
    "Cela n’a pas été compris. Veuillez répéter.",
    "No se pudo entender. Repítalo, por favor.", "没有听懂，请再说一遍。"],
  replyFailed: ["The reply failed. Please try again.",
    "Die Antwort ist fehlgeschlagen. Bitte versuchen Sie es noch einmal.",
    "La réponse a échoué. Veuillez réessayer.", "La respuesta falló. Inténtelo de nuevo.",
    "回答失败，请重试。"],
  refused: ["The server refused: {message}", "Der Server lehnte ab: {message}",
    "Le serveur a refusé : {message}", "El servidor rechazó: {message}", "服务器拒绝了：{message}"],
};

// The first language of the list that is known; "de-CH" is "de".
export function chooseLanguage(wanted) {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0])
    .find((tag) => LANGUAGES.includes(tag));
  return known ?? LANGUAGES[0];
}

// say(key, {name: value}) → the words in that language.
export function sayingIn(language) {
  const column = LANGUAGES.indexOf(language);
  return (key, values = {}) =>
    STRINGS[key][column].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export { LANGUAGES, STRINGS };
