package main

import (
	"context"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// elect lets candidates run for a Lease: the first hands over, the second just stops, the third takes it from the dead.
func elect(w world) {
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	holders := watchHolders(ctx, w)

	first := candidate(w, "first", true)
	holders.until(w, "first", 2)
	second := candidate(w, "second", false)
	first()
	holders.until(w, "second", 2)
	third := candidate(w, "third", true)
	second()
	holders.until(w, "third", 1)
	third()
	tell("holders", held(holders.names()))
}

// held leaves out when nobody held it: a candidate that is stopped in the middle of a renewal cannot hand over.
func held(names []string) []string {
	var some []string
	for _, name := range names {
		if name != "" {
			some = append(some, name)
		}
	}
	return some
}

// candidate runs until it is stopped.
func candidate(w world, name string, release bool) (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Name: "election", Namespace: namespace},
			Client:     w.typed.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: name},
		},
		LeaseDuration:   time.Second,
		RenewDeadline:   700 * time.Millisecond,
		RetryPeriod:     200 * time.Millisecond,
		ReleaseOnCancel: release,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) {},
			OnStoppedLeading: func() {},
		},
	})
	check(err)
	go elector.Run(ctx)
	return cancel
}

// holdings are the holders of the Lease, one after the other, and how often the last one has been seen renewing it.
type holdings struct {
	lock    sync.Mutex
	list    []string
	renewed int
}

func watchHolders(ctx context.Context, w world) *holdings {
	seen := &holdings{}
	factory := informers.NewSharedInformerFactory(w.typed, 0)
	add := func(object any) { seen.add(object.(*coordinationv1.Lease)) }
	must(factory.Coordination().V1().Leases().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    add,
		UpdateFunc: func(_, object any) { add(object) },
	}))
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return seen
}

func (h *holdings) add(lease *coordinationv1.Lease) {
	h.lock.Lock()
	defer h.lock.Unlock()
	holder := ""
	if lease.Spec.HolderIdentity != nil {
		holder = *lease.Spec.HolderIdentity
	}
	if len(h.list) == 0 || h.list[len(h.list)-1] != holder {
		h.list, h.renewed = append(h.list, holder), 0
	}
	h.renewed++
}

// until waits until someone holds it and has written it so often: then the next renewal is a while away.
func (h *holdings) until(w world, holder string, times int) {
	until(w, "leader "+holder, func() bool {
		h.lock.Lock()
		defer h.lock.Unlock()
		return len(h.list) > 0 && h.list[len(h.list)-1] == holder && h.renewed >= times
	})
}

func (h *holdings) names() []string {
	h.lock.Lock()
	defer h.lock.Unlock()
	return append([]string{}, h.list...)
}
