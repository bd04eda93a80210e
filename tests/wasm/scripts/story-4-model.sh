kubectl apply -f ../../data/presets/model-4.yaml
kubectl rollout status deployment/model-serving
kubectl set image deployment/model-serving server=myrepo/tf-serving:1.0.4
sleep 2
kubectl rollout pause deployment/model-serving
sleep 40
kubectl get deployment,rs,pods
kubectl rollout resume deployment/model-serving
kubectl rollout status deployment/model-serving
kubectl rollout undo deployment/model-serving
kubectl rollout status deployment/model-serving
kubectl get pods -o yaml
kubectl get events
