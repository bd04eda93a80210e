kubectl apply -f ../../data/presets/roll-10.yaml
kubectl rollout status deployment/rolldeployment
kubectl set image deployment rolldeployment nginx=httpd
kubectl get rs
kubectl rollout status deployment/rolldeployment
kubectl set image deployment rolldeployment nginx=httpd:alpine --record
kubectl rollout status deployment/rolldeployment
kubectl rollout history deployment/rolldeployment
kubectl rollout undo deployment/rolldeployment
sleep 3
kubectl rollout pause deployment/rolldeployment
kubectl get rs
sleep 60
kubectl get rs,pods
kubectl rollout undo deployment/rolldeployment
kubectl rollout resume deployment/rolldeployment
kubectl get rs
kubectl rollout status deployment/rolldeployment
kubectl get all -o wide
