// The JSON of `check`: a contract. Fields are added, never renamed; paths are relative to the tree.
import { policiesOf } from '../core/index.ts'
import type { Step } from '../core/index.ts'
import type { Report, ReportFinding } from '../examine/report.ts'
import { jsonText } from './json-text.ts'

/** The report as one JSON document, with a newline at the end; `explain` adds to each finding why it is one. */
export function reportJson(report: Report, explain: boolean = false): string {
  const { conclusion, findings, problems, readiness, summary, clusters, tools } = report
  const document = {
    version: 1,
    conclusion,
    findings: findings.map((finding) => ({
      ...findingJson(finding),
      ...(explain ? { explanation: report.explain(finding).map(stepJson) } : {}),
    })),
    problems: problems.map(({ path, line, code, class: kind, change, relevant, message, remedy }) => ({
      path,
      line,
      code,
      class: kind,
      change,
      relevant,
      message: `${message} ${remedy}`,
    })),
    summary,
    clusters: clusters.map(({ name, cni, evidence, roots, units }) => ({
      name,
      cni,
      evidence,
      roots,
      units: units.map(({ kind, title, at }) => ({ kind, title, path: at.path, line: at.line })),
    })),
    tools: tools.map(({ name, version, from }) => ({ name, version, from })),
    ...(readiness === null
      ? {}
      : {
          readiness: readiness.namespaces.map((one) => ({
            namespace: one.namespace,
            verdict: one.verdict,
            findings: one.findings.map(({ fingerprint }) => fingerprint),
            problems: one.problems.length,
            clusters: one.clusters,
          })),
        }),
  }
  return jsonText(document)
}

function stepJson({ text, at }: Step): Record<string, unknown> {
  return { text, path: at?.path ?? null, line: at?.line ?? null }
}

function findingJson(finding: ReportFinding): Record<string, unknown> {
  const {
    rule,
    severity,
    certainty,
    change,
    fingerprint,
    cluster,
    workload,
    peers,
    direction,
    port,
    protocol,
    cause,
    message,
    waived,
    fix,
  } = finding
  return {
    rule,
    severity,
    certainty,
    change,
    fingerprint,
    cluster,
    workload: workload.id,
    peers,
    direction,
    port,
    protocol,
    policies: policiesOf(finding),
    cause,
    message,
    waived: waived === null ? null : { reason: waived.reason, owner: waived.owner, expires: waived.expires },
    fix:
      fix === null
        ? null
        : { strategy: fix.strategy, files: fix.files.map(({ path, diff }) => ({ path, diff })) },
  }
}
