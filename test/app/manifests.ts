// The manifests of the stories: one shop in Ambient, with the two policies of Istio's documentation.

export const NAMESPACE = `apiVersion: v1
kind: Namespace
metadata:
  name: shop
`

export const ENROLLED = `${NAMESPACE}  labels:
    istio.io/dataplane-mode: ambient
`

export const APP = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: my-app
  namespace: shop
spec:
  selector:
    matchLabels: {app.kubernetes.io/name: my-app}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: my-app
    spec:
      containers:
        - name: app
          image: app
          ports:
            - containerPort: 9090
              name: http
          readinessProbe:
            httpGet: {path: /, port: http}
`

/** https://istio.io/latest/docs/ambient/usage/networkpolicy/, first example. */
export const ALLOW_WEB = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: my-app-allow-ingress-web
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: my-app
  ingress:
    - ports:
        - port: 9090
          protocol: TCP
`

/** The same, and HBONE. */
export const OPEN_WEB = `${ALLOW_WEB}        - port: 15008
          protocol: TCP
`

/** The same page, second example. */
export const DENY_INGRESS = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: deny-ingress
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: my-app
  policyTypes:
    - Ingress
`

export const SHOP = { 'shop/namespace.yaml': ENROLLED, 'shop/app.yaml': APP } as const
