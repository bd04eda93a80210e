kubectl apply -f ../../data/presets/re-5.yaml
kubectl rollout status deployment/rcdeployment
kubectl get rs -o wide
kubectl set image deployment rcdeployment nginx=httpd --record
kubectl get pods
sleep 5
kubectl get pods -o wide
kubectl rollout status deployment/rcdeployment
kubectl describe deployment rcdeployment
kubectl get events
kubectl get deployment rcdeployment -o yaml
kubectl delete deployment rcdeployment
