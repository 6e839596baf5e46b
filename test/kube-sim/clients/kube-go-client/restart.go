package main

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic/dynamicinformer"
)

// restart is an informer that lives longer than the server: nothing is seen twice, and nothing is missed.
func restart(w world) {
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	client := w.dynamic.Resource(things).Namespace(namespace)
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(w.dynamic, 0, namespace, nil)
	seen := journalOf(factory.ForResource(things).Informer())
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	must(client.Create(ctx, thing("survivor", nil), metav1.CreateOptions{}))
	seen.until(w, "add survivor")
	tell("restart me", nil)
	must(w.stdin.ReadString('\n'))
	must(client.Create(ctx, thing("newcomer", nil), metav1.CreateOptions{}))
	seen.until(w, "add newcomer")
	check(client.Delete(ctx, "survivor", metav1.DeleteOptions{}))
	seen.until(w, "delete survivor")
	tell("seen through a restart", seen.all())
}
