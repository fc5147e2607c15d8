import { analyze } from './src/core/index.ts'
import { DEFAULT_CONFIG } from './src/core/config.ts'
