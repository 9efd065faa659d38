"""Kubernetes documents that look like those of real platforms, each as a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from random import Random

from benchmarks.images import IMAGES, NAMES

__all__ = ["DENSE", "LIKE_THE_CORPUS", "Make"]


Make = Callable[[Random, int], str]


def deployment(random: Random, number: int) -> str:
    """Write a workload as charts render it: init container, sidecar, environment, arguments."""
    init, app, sidecar, solver = random.sample(IMAGES, 4)
    name = f"{random.choice(NAMES)}-{number}"
    environment = "".join(
        f"        - name: SETTING_{index}\n"
        f"          value: {random.choice(_WORDS)}-{random.randrange(10_000)}\n"
        for index in range(random.randrange(4, 16))
    )
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    app.kubernetes.io/component: {name}
    app.kubernetes.io/managed-by: Helm
    app.kubernetes.io/name: {name}
    app.kubernetes.io/version: "{app.tag}"
    helm.sh/chart: {name}-{app.tag}
  name: {name}
  namespace: team-{number % 23}
spec:
  replicas: {1 + number % 3}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      annotations:
        checksum/config: {sha256(name.encode()).hexdigest()}
      labels:
        app.kubernetes.io/name: {name}
    spec:
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - podAffinityTerm:
              labelSelector:
                matchLabels:
                  app.kubernetes.io/name: {name}
              topologyKey: kubernetes.io/hostname
            weight: 100
      containers:
      - args:
        - --listen=:8080
        - --leader-elect
        - --solver-image={solver.spelling}
        command:
        - /usr/local/bin/{name}
        env:
        - name: POD_NAMESPACE
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
{environment}\
        image: {app.spelling}
        imagePullPolicy: IfNotPresent
        livenessProbe:
          httpGet:
            path: /healthz
            port: 8081
          initialDelaySeconds: 15
          periodSeconds: 20
        name: {name}
        ports:
        - containerPort: 8080
          name: http
          protocol: TCP
        resources:
          limits:
            cpu: 500m
            memory: 512Mi
          requests:
            cpu: 100m
            memory: 128Mi
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop:
            - ALL
          readOnlyRootFilesystem: true
        volumeMounts:
        - mountPath: /etc/{name}
          name: config
          readOnly: true
      - image: "{sidecar.spelling}"
        name: sidecar
      initContainers:
      - command: ["sh", "-c", "until nc -z database 5432; do sleep 1; done"]
        image: {init.spelling} # waits for the database
        name: wait
      serviceAccountName: {name}
      volumes:
      - configMap:
          name: {name}
        name: config
"""


def application(random: Random, number: int) -> str:
    """Write an Argo CD Application, in one of the ways in which it can name images."""
    return random.choice(_APPLICATIONS)(random, number)


def config_map(random: Random, number: int) -> str:
    """Write files in a ConfigMap: a server's configuration, a dashboard, YAML with an image."""
    image = random.choice(IMAGES)
    panels = [
        {"id": index, "title": random.choice(_WORDS), "gridPos": {"h": 8, "w": 12, "x": 0, "y": 0}}
        for index in range(random.randrange(3, 12))
    ]
    dashboard = json.dumps({"title": f"service {number}", "panels": panels}, indent=2)
    return f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: files-{number}
  namespace: team-{number % 23}
data:
  dashboard.json: |-
{_indented(dashboard, 4)}
  nginx.conf: |
    server {{
      listen 8080;
      location / {{
        proxy_pass http://service-{number}:8080;
        proxy_set_header Host $host;
      }}
    }}
  job.yaml: |
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: migrate
    spec:
      template:
        spec:
          containers:
            - name: migrate
              image: {image.spelling}
"""


def access(random: Random, number: int) -> str:
    """Write a role, with its binding."""
    rules = "".join(
        f"- apiGroups:\n  - {group}\n  resources:\n  - {random.choice(_WORDS)}s\n"
        "  verbs:\n  - get\n  - list\n  - watch\n"
        for group in ("apps", "batch", "rbac.authorization.k8s.io", "argoproj.io")
    )
    return f"""\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: reader-{number}
rules:
{rules}\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: reader-{number}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: reader-{number}
subjects:
- kind: ServiceAccount
  name: reader-{number}
  namespace: team-{number % 23}
"""


def service(random: Random, number: int) -> str:
    """Write a Service."""
    return f"""\
apiVersion: v1
kind: Service
metadata:
  labels:
    app.kubernetes.io/name: service-{number}
  name: service-{number}
  namespace: team-{number % 23}
spec:
  ports:
  - name: http
    port: {random.choice((80, 443, 8080))}
    protocol: TCP
    targetPort: http
  selector:
    app.kubernetes.io/name: service-{number}
  type: ClusterIP
"""


def custom_resource_definition(random: Random, number: int) -> str:
    """Write a big schema, with properties called image that are no images."""
    properties = "".join(_property(random, 3, 10) for _ in range(38))
    return f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations:
    controller-gen.kubebuilder.io/version: v0.17.3
  name: things{number}.acme.example
spec:
  group: acme.example
  names:
    kind: Thing{number}
    listKind: Thing{number}List
    plural: things{number}
    singular: thing{number}
  scope: Namespaced
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        properties:
{properties}\
        type: object
    served: true
    storage: true
"""


def _with_values(random: Random, number: int) -> str:
    app, metrics, init = random.sample(IMAGES, 3)
    values = f"""\
# How many copies run; the autoscaler may change it.
replicaCount: 2
image:
  registry: {app.registry}
  repository: {app.repository}
  tag: {app.tag}
  pullPolicy: IfNotPresent
metrics:
  enabled: true
  image:
    repository: {metrics.registry}/{metrics.repository}
    tag: "{metrics.tag}"
    digest: ""
initImage: {init.spelling}
ingress:
  enabled: true
  hosts:
    - host: service-{number}.acme.example
      paths: ["/"]
resources:
  requests: {{cpu: 100m, memory: 128Mi}}
"""
    return _source(number, f"    helm:\n      values: |\n{_indented(values, 8)}\n")


def _with_values_object(random: Random, number: int) -> str:
    app, extra = random.sample(IMAGES, 2)
    return _source(
        number,
        f"""\
    helm:
      valuesObject:
        image:
          repository: {app.registry}/{app.repository}
          tag: {app.tag}
        extraContainers:
        - name: extra
          image: {extra.spelling}
        service:
          type: ClusterIP
          port: 8080
""",
    )


def _with_parameters(random: Random, number: int) -> str:
    app = random.choice(IMAGES)
    return _source(
        number,
        f"""\
    helm:
      parameters:
      - name: image.registry
        value: {app.registry}
      - name: image.repository
        value: {app.repository}
      - name: image.tag
        value: {app.tag}
      - name: replicaCount
        value: "2"
""",
    )


def _with_kustomize(random: Random, number: int) -> str:
    images = "".join(f"      - {image.spelling}\n" for image in random.sample(IMAGES, 3))
    return _source(number, f"    kustomize:\n      images:\n{images}")


_APPLICATIONS: tuple[Make, ...] = (
    _with_values,
    _with_values,
    _with_values_object,
    _with_parameters,
    _with_kustomize,
)


def _source(number: int, source: str) -> str:
    return f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  finalizers:
  - resources-finalizer.argocd.argoproj.io
  name: service-{number}
  namespace: argocd
spec:
  destination:
    namespace: team-{number % 23}
    server: https://kubernetes.default.svc
  project: default
  source:
    path: charts/service
    repoURL: https://git.acme.example/platform/charts.git
    targetRevision: main
{source}\
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
"""


def _property(random: Random, depth: int, indentation: int) -> str:
    pad = " " * indentation
    name = f"{random.choice(_PROPERTIES)}{random.randrange(1000)}"
    described = " ".join(random.choices(_WORDS, k=random.randrange(8, 24)))
    head = f"{pad}{name}:\n{pad}  description: |-\n{pad}    {described}.\n"
    if depth == 0 or random.random() < 0.25:
        return f"{head}{pad}  type: string\n"
    inner = "".join(_property(random, depth - 1, indentation + 4) for _ in range(3))
    return f"{head}{pad}  properties:\n{inner}{pad}  type: object\n"


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else "" for line in text.rstrip("\n").split("\n"))


_PROPERTIES = (
    *("image", "imagePullPolicy", "sidecarImage", "template", "replicas", "selector", "storage"),
    *("resources", "affinity", "tolerations", "labels", "config", "secretName", "endpoint"),
)
_WORDS = (
    *("the", "a", "container", "image", "volume", "secret", "of", "in", "policy", "must", "be"),
    *("name", "when", "controller", "value", "is", "used", "default", "reference", "to", "pod"),
)

# Shares of bytes, as in the corpus of real files: schemas are three quarters of it.
LIKE_THE_CORPUS: dict[Make, float] = {
    custom_resource_definition: 0.72,
    deployment: 0.13,
    application: 0.06,
    config_map: 0.04,
    access: 0.04,
    service: 0.01,
}
# The hard case: nearly every document names an image.
DENSE: dict[Make, float] = {
    deployment: 0.55,
    application: 0.25,
    config_map: 0.20,
}
