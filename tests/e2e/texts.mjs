// Manifests that the checks paste.
export const deployment = ({ name = 'web', replicas = 3, image = 'nginx', strategy = '', extra = '' } = {}) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: ${replicas}
${strategy}  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      containers:
      - name: web
        image: ${image}
${extra}`;

export const percent = (replicas) => deployment({
  replicas,
  strategy: '  strategy:\n    rollingUpdate:\n      maxSurge: 25%\n      maxUnavailable: 25%\n',
});

export const several = `${deployment({ name: 'several' })}---
apiVersion: v1
kind: Service
metadata:
  name: several
spec:
  selector:
    app: several
  ports:
  - port: 80
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: several
data:
  color: teal
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: several
spec:
  defaultBackend:
    service:
      name: several
      port:
        number: 80
---
apiVersion: example.com/v1
kind: Rocket
metadata:
  name: several
`;

const base = deployment({ name: 'refused' });
const strategy = (lines) => base.replace('  selector:', `${lines}  selector:`);

/** Nine of the ten snippets of lesson 23 (the tenth is a command): what is refused, where, and the line that is marked. */
export const refused = [
  ['selector and labels differ', base.replace('        app: refused', '        app: other'), /spec\.template\.metadata\.labels/, /app: other|labels:/],
  ['Recreate with rollingUpdate left in', strategy('  strategy:\n    type: Recreate\n    rollingUpdate:\n      maxSurge: 1\n'), /spec\.strategy\.rollingUpdate: Forbidden/, /rollingUpdate:/],
  ['0 and 0', strategy('  strategy:\n    rollingUpdate:\n      maxSurge: 0\n      maxUnavailable: 0\n'), /maxUnavailable.*may not be 0 when/, /maxUnavailable: 0/],
  ['deadline not above minReadySeconds', strategy('  minReadySeconds: 60\n  progressDeadlineSeconds: 60\n'), /spec\.progressDeadlineSeconds/, /progressDeadlineSeconds: 60/],
  ['strategy one level too deep', base.replace('    spec:\n', '    spec:\n      strategy:\n        type: Recreate\n'), /spec\.template\.spec\.strategy|unknown field/, /strategy:/],
  ['old API version', base.replace('apps/v1', 'extensions/v1beta1'), /no matches for kind "Deployment" in version "extensions\/v1beta1"/, /apiVersion: extensions/],
  ['restart policy not Always', base.replace('      containers:', '      restartPolicy: Never\n      containers:'), /spec\.template\.spec\.restartPolicy/, /restartPolicy: Never/],
  ['security fields at the wrong level', base.replace('      containers:', '      readOnlyRootFilesystem: true\n      containers:'), /readOnlyRootFilesystem/, /readOnlyRootFilesystem: true/],
];
