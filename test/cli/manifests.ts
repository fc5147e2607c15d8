// Manifests that several command-line tests share.

export const namespace = (name: string, ambient: boolean): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n${ambient ? '  labels:\n    istio.io/dataplane-mode: ambient\n' : ''}`

export const deployment = (name: string, space: string, port: number): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: ${space}
spec:
  selector:
    matchLabels: { app: ${name} }
  template:
    metadata:
      labels: { app: ${name} }
    spec:
      containers:
        - name: main
          image: example
          ports:
            - { containerPort: ${String(port)}, name: http }
`

/** Admits pods of one app in the same namespace, on one port. */
export const policy = (
  app: string,
  space: string,
  from: string,
  port: number,
): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${app}
  namespace: ${space}
spec:
  podSelector:
    matchLabels:
      app: ${app}
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: ${from}
      ports:
        - port: ${String(port)}
`
