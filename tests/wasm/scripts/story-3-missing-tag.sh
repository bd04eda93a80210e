kubectl apply -f ../../data/presets/kubernetes-bootcamp.yaml
kubectl rollout status deployment/kubernetes-bootcamp
image gcr.io/google-samples/kubernetes-bootcamp:v10 missing
kubectl set image deployments/kubernetes-bootcamp kubernetes-bootcamp=docker.io/jocatalin/kubernetes-bootcamp:v2
kubectl rollout status deployments/kubernetes-bootcamp
kubectl set image deployments/kubernetes-bootcamp kubernetes-bootcamp=gcr.io/google-samples/kubernetes-bootcamp:v10
sleep 400
kubectl get deployments
kubectl get pods
kubectl rollout status deployment/kubernetes-bootcamp --timeout=5s
kubectl describe pods
kubectl rollout undo deployments/kubernetes-bootcamp
kubectl rollout status deployments/kubernetes-bootcamp
kubectl get pods
kubectl get events
