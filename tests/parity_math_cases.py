"""Cases of the comparison with torch: special functions, order, running results, products, linear algebra."""

from collections.abc import Iterator

SPECIAL = "t([0.0, -0.0, 0.3, -0.7, 1.0, 0.5, 2.0, -3.5, 12.25, inf, -inf, nan])"
ELEMENTS = ["lgamma", "digamma", "erfinv", "logit", "sinc", "deg2rad", "rad2deg", "sgn", "signbit", "isposinf", "isneginf",
            "nan_to_num"]  # fmt: skip
PAIRS = ["xlogy", "logaddexp", "logaddexp2", "hypot", "copysign", "fmax", "fmin", "heaviside", "float_power"]
KINDS = [
    "torch.lgamma(a)", "torch.polygamma(1,a)", "torch.erfinv(a)", "torch.logit(a)", "torch.logit(a,0.3)",
    "torch.sinc(a)", "torch.xlogy(a,a)", "torch.xlogy(a,2)", "torch.xlogy(2,a)", "torch.logaddexp(a,a)",
    "torch.logaddexp2(a,a)", "torch.hypot(a,a)", "torch.copysign(a,a)", "torch.copysign(a,-1)",
    "torch.nan_to_num(a)", "torch.deg2rad(a)", "torch.float_power(a,a)", "torch.float_power(a,2)",
    "torch.float_power(2,a)", "torch.fmax(a,a)", "torch.fmin(a,a)", "torch.signbit(a)", "torch.sgn(a)",
    "torch.isneginf(a)", "torch.isposinf(a)", "torch.addcmul(a,a,a)", "torch.addcmul(a,a,a,value=0.5)",
    "torch.addcdiv(a,a,a)", "torch.lerp(a,a,0.5)", "torch.lerp(a,a,a)", "torch.heaviside(a,a)",
    "torch.clamp_max(a,1)", "torch.clamp_min(a,0.5)", "torch.sort(a).values", "torch.argsort(a)",
    "torch.topk(a,1).values", "torch.kthvalue(a,1).values", "torch.median(a)", "torch.nanmedian(a)",
    "torch.median(a,0).values", "torch.mode(a).values", "torch.unique(a)", "torch.unique_consecutive(a)",
    "torch.searchsorted(a,a)", "torch.searchsorted(torch.ones(2), a)", "torch.bucketize(a,a)", "torch.bincount(a)",
    "torch.msort(a)", "torch.quantile(a,0.5)", "torch.nanquantile(a,0.5)", "torch.isin(a,a)", "torch.isin(a,1)",
    "torch.cumprod(a,0)", "torch.cumsum(a,0)", "torch.cummax(a,0).values", "torch.cummin(a,0).values",
    "torch.logcumsumexp(a,0)", "torch.diff(a)", "torch.trapezoid(a)", "torch.cumulative_trapezoid(a)",
    "torch.nansum(a)", "torch.nanmean(a)", "torch.aminmax(a).min", "torch.count_nonzero(a)", "torch.std_mean(a)[0]",
    "torch.dist(a,a)", "torch.kron(a,a)", "torch.trace(a.reshape(1,2))", "torch.addr(a.reshape(2,1),a,a[:1])",
    "torch.vander(a)", "torch.cdist(a.reshape(1,2),a.reshape(1,2))", "torch.linalg.norm(a)",
    "torch.linalg.vector_norm(a)", "torch.linalg.matrix_norm(a.reshape(1,2))",
    "torch.linalg.inv(a[:1].reshape(1,1))", "torch.linalg.det(a[:1].reshape(1,1))",
    "torch.linalg.svd(a.reshape(1,2))[1]",
]  # fmt: skip
ORDER = [
    "torch.sort(x)", "torch.sort(x,1,True)", "torch.sort(x,stable=True,dim=0)", "torch.sort(t(3.))",
    "x.sort(descending=True,dim=0)", "torch.argsort(x,descending=True)", "torch.argsort(x,dim=5)", "torch.topk(x,2)",
    "torch.topk(x,2,largest=False,sorted=False)", "torch.topk(x,4)", "torch.topk(x,-1)", "torch.topk(t(3.),1)",
    "torch.topk(x,0)", "torch.kthvalue(x,2)", "torch.kthvalue(x,0)", "torch.kthvalue(x,4)",
    "torch.kthvalue(x,1,keepdim=True)", "torch.median(x)", "torch.median(x,1)", "torch.median(x,dim=0,keepdim=True)",
    "torch.median(t([1.,nan,3.]))", "torch.median(t([1.,nan,3.]),0)", "torch.nanmedian(t([1.,nan,3.,5.]))",
    "torch.nanmedian(t([1.,nan,3.]),0)", "torch.median(torch.ones(0))", "torch.median(torch.ones(0),0)",
    "torch.nanmedian(torch.ones(0))", "torch.mode(x)", "torch.mode(t([[3,1,2,3,1],[5,5,4,4,0]]))",
    "torch.mode(x,0,True)", "torch.mode(torch.ones(0))", "torch.mode(t(3.))", "torch.unique(x)",
    "torch.unique(x,return_inverse=True,return_counts=True)", "torch.unique(x,return_counts=True)",
    "torch.unique(x,dim=1)", "torch.unique(t([[1,2],[1,2],[0,1]]),dim=0,return_inverse=True,return_counts=True)",
    "torch.unique(x,sorted=False)", "torch.unique(t([1.,nan,nan]))",
    "torch.unique_consecutive(t([1,1,2,2,1]),return_inverse=True,return_counts=True)",
    "torch.unique_consecutive(t([[1,1,2],[3,3,4]]),dim=1)", "torch.unique_consecutive(t([[1,1,2],[2,3,4]]))",
    "torch.searchsorted(t([1.,3.,5.]),t([[3.,6.]]))", "torch.searchsorted(t([1.,3.,5.]),t([[3.,6.]]),right=True)",
    "torch.searchsorted(t([1.,3.,5.]),3)", "torch.searchsorted(t([1.,3.,5.]),3.,side='right')",
    "torch.searchsorted(t([1.,3.,5.]),3.,side='up')", "torch.searchsorted(t([1.,3.,5.]),3.,side='left',right=True)",
    "torch.searchsorted(x,t([[1.],[2.]]))", "torch.searchsorted(x,t([1.,2.]))",
    "torch.searchsorted(t([1.,3.]),t([1]))", "torch.searchsorted(t([1.,3.]),t([1.]),out_int32=True)",
    "torch.searchsorted(t([3.,1.,2.]),t([1.5]),sorter=t([1,2,0]))", "torch.searchsorted(t([1.,3.]),t([1.,nan]))",
    "torch.bucketize(t([[3,6,9]]),t([1,3,5]))", "torch.bucketize(3,t([1,3,5]))", "torch.bucketize(t([3]),x)",
    "torch.bincount(t([1,1,4]))", "torch.bincount(t([1,1,4]),minlength=8)",
    "torch.bincount(t([1,1,4]),weights=t([.5,1.,2.]))", "torch.bincount(t([1,1]),t([1,2]))",
    "torch.bincount(t([-1]))", "torch.bincount(t([[1]]))", "torch.bincount(t([1]),minlength=-1)",
    "torch.bincount(t([1]),t([1.,2.]))", "torch.bincount(torch.zeros(0,dtype=torch.int64),minlength=3)",
    "torch.histc(t([1.,2.,1.,5.]),4,0,3)", "torch.histc(t([1.,2.,1.]),4)", "torch.histc(t([1.,1.]),4)",
    "torch.histc(t([1.,2.]),0)", "torch.histc(t([1.,2.]),3,2,1)", "torch.histc(t([1.,inf]),3)",
    "torch.histc(t([1.,nan]),3,0,2)", "torch.msort(x)", "torch.quantile(x,0.3)", "torch.quantile(x,t([0.3,.5]))",
    "torch.quantile(x,t([0.3,.5]),dim=1,keepdim=True)", "torch.quantile(x,0.5,dim=0,interpolation='lower')",
    "torch.quantile(x,0.25,dim=1,interpolation='nearest')", "torch.quantile(x,0.25,dim=1,interpolation='midpoint')",
    "torch.quantile(x,0.25,interpolation='cubic')", "torch.quantile(x,1.5)", "torch.quantile(x,t([1.5]))",
    "torch.quantile(x,t([[.5]]))", "torch.quantile(x,t([.5]).double())", "torch.quantile(torch.ones(0),.5)",
    "torch.quantile(t([1.,nan]),.5)", "torch.nanquantile(t([1.,nan,2.]),.5)", "torch.isin(t([1,2,3]),t([2,5]))",
    "torch.isin(t([1,2,3]),2)", "torch.isin(2,t([2]))",
    "torch.isin(t([1,2,3]),t([2,5]),invert=True,assume_unique=True)", "torch.isin(t([1,2]),t([2.]))",
    "torch.cumprod(x,1)", "torch.cumprod(x,3)", "torch.cummax(x,1)", "torch.cummax(t([1.,nan,2.]),0)",
    "torch.cummin(t([1,1,0,2]),0)", "torch.cummax(t(3.),0)", "torch.cummax(torch.ones(0),0)",
    "torch.logcumsumexp(x,1)", "torch.diff(x)", "torch.diff(x,n=2,dim=1)", "torch.diff(x,n=0)", "torch.diff(x,n=-1)",
    "torch.diff(x,prepend=torch.zeros(2,1))", "torch.diff(x,prepend=torch.zeros(2,1),append=torch.ones(2,2),n=2)",
    "torch.diff(t(1.))", "torch.diff(x,n=5)", "torch.diff(x,prepend=torch.zeros(1))", "torch.trapezoid(x)",
    "torch.trapezoid(x,dx=2)", "torch.trapezoid(x,t([0.,1.,3.]))", "torch.trapezoid(x,t([0.,1.]))",
    "torch.trapezoid(x,dim=0)", "torch.trapezoid(x,dx=1,x=x)", "torch.cumulative_trapezoid(x)", "torch.trapz(x)",
    "torch.nansum(x,1)", "torch.nansum(t([1.,nan]),dtype=torch.float64)", "torch.nanmean(t([[1.,nan],[nan]*2]),1)",
    "torch.aminmax(x)", "torch.aminmax(x,dim=1,keepdim=True)", "torch.aminmax(torch.ones(0))",
    "torch.aminmax(torch.ones(0,3),dim=0)", "torch.count_nonzero(x,0)", "torch.count_nonzero(x,(0,1))",
    "torch.std_mean(x,1)", "torch.var_mean(x,(0,1),correction=0,keepdim=True)", "torch.var_mean(x,unbiased=False)",
    "torch.dist(x,x+1)", "torch.dist(x,x+1,inf)", "torch.dist(x,x+1,0)", "torch.dist(x,t([1.,2.,3.]),p=1)",
    "torch.renorm(x,2,0,1)", "torch.renorm(x,1,1,1.5)", "torch.renorm(x,-1,1,1.5)", "torch.renorm(t([1.]),1,0,1.5)",
    "torch.renorm(x,1,1,-1)", "x.clone().cumsum_(0)", "t([1,2]).cumprod_(0)",
    "t([1,2],dtype=torch.int32).cumsum_(0)", "torch.cumsum(x,0,dtype=torch.float64)",
    "x.cumsum(5)", "torch.nanmedian(x,5)",
]  # fmt: skip
PRODUCTS = [
    "torch.einsum('ij,jk->ik',x,x.T)", "torch.einsum('ij',x)", "torch.einsum('ji',x)", "torch.einsum('ii',s)",
    "torch.einsum('ii->i',s)", "torch.einsum('ij->',x)", "torch.einsum('...j->...',x)",
    "torch.einsum('b i,bj->b i j',x,x)", "torch.einsum('ij,jk',x,v)", "torch.einsum('ij,ik',x,v.reshape(3,1))",
    "torch.einsum('i,i')", "torch.einsum('i->ii',v)", "torch.einsum('i->j',v)", "torch.einsum('i$->i',v)",
    "torch.einsum('ij->i',v)", "torch.einsum(x,[0,1],v,[1],[0])", "torch.einsum('ij,j->i',[x,v])",
    "torch.einsum('...i,...i->...',x,v)", "torch.einsum('ij,jk,kl->il',x,x.T,s)",
    "torch.einsum('i,i->i',t([1,2]),t([1.,2.]))", "torch.tensordot(x,x.T,1)",
    "torch.tensordot(x,x,dims=([0,1],[0,1]))", "torch.tensordot(x,x,dims=2)", "torch.tensordot(x,x,dims=3)",
    "torch.tensordot(x,x,dims=-1)", "torch.tensordot(x,x,dims=([0],[0,1]))", "torch.tensordot(x,x,dims=([0],[1]))",
    "torch.inner(x,v)", "torch.inner(x,t([1.]))", "torch.inner(x,t(2.))", "torch.inner(v,v)", "torch.kron(s,v)",
    "torch.cross(v,v+1)", "torch.cross(x,x+1)", "torch.cross(x,x+1,0)", "torch.cross(s,s)", "torch.trace(x)",
    "torch.trace(v)", "torch.addmv(t([1.,2.]),x,v,beta=2,alpha=3)", "torch.addmv(t([1.,2.]),x,s)",
    "torch.addr(x,t([1.,2.]),v)", "torch.addr(x,s,v)", "torch.addbmm(s,torch.ones(2,2,3),torch.ones(2,3,2))",
    "torch.addbmm(s,torch.ones(2,2,3),torch.ones(2,2,2))", "torch.chain_matmul(x,x.T,s)",
    "torch.linalg.multi_dot([x,x.T,s])", "torch.linalg.multi_dot([v,x.T,s])", "torch.linalg.multi_dot([x])",
    "torch.vander(v)", "torch.vander(v,2,True)", "torch.vander(x)", "torch.cdist(x,x+1)", "torch.cdist(x,x+1,p=1)",
    "torch.cdist(x,x)", "torch.cdist(x,x+1,p=inf)", "torch.cdist(x,s)", "torch.cdist(v,x)", "torch.cdist(x,x,p=-1)",
    "torch.addmm(s,x,x.T,beta=0.5)", "torch.linalg.norm(x)", "torch.linalg.norm(x,ord=1)",
    "torch.linalg.norm(x,'nuc')", "torch.linalg.norm(x,2)", "torch.linalg.norm(x,2,dim=1)",
    "torch.linalg.norm(x,'abc')", "torch.linalg.norm(x,-inf)", "torch.linalg.vector_norm(x,3,dim=1)",
    "torch.linalg.vector_norm(x,0)", "torch.linalg.vector_norm(x,-1.0)",
    "torch.linalg.vector_norm(x,-inf,dim=0,keepdim=True)", "torch.linalg.matrix_norm(x,-2)",
    "torch.linalg.matrix_norm(x,-1)", "torch.linalg.matrix_norm(v)", "torch.linalg.inv(s)", "torch.linalg.inv(x)",
    "torch.linalg.inv(torch.zeros(2,2))", "torch.inverse(s)", "torch.linalg.det(s)", "torch.linalg.det(x)",
    "torch.linalg.slogdet(s)", "torch.slogdet(-s)", "torch.logdet(s)", "torch.linalg.solve(s,t([1.,2.]))",
    "torch.linalg.solve(s,x)", "torch.linalg.solve(s,v)", "torch.linalg.solve(torch.zeros(2,2),x)",
    "torch.linalg.solve(s,x.T,left=False)", "torch.linalg.cholesky(s)", "torch.linalg.cholesky(s,upper=True)",
    "torch.linalg.cholesky(-s)", "torch.linalg.qr(x)", "torch.linalg.qr(x.T)", "torch.linalg.qr(x.T,mode='r')",
    "torch.linalg.qr(x.T,mode='x')", "torch.linalg.svdvals(x)",
    "torch.linalg.eigh(s)", "torch.linalg.eigvalsh(s)", "torch.linalg.eigh(x)", "torch.linalg.eigh(s,UPLO='Z')",
    "torch.linalg.pinv(x)", "torch.pinverse(x)", "torch.linalg.matrix_power(s,3)", "torch.linalg.matrix_power(s,-2)",
    "torch.linalg.matrix_power(s,0)", "torch.linalg.matrix_power(x,2)", "torch.linalg.matrix_rank(x)",
]  # fmt: skip


def elements() -> Iterator[str]:
    for name in ELEMENTS:
        yield f"torch.{name}({SPECIAL})"
        yield f"torch.{name}({SPECIAL}.double())"
        yield f"torch.{name}(t([0, 1, 2]))"
        if name not in ("signbit", "isposinf", "isneginf"):
            yield f"{SPECIAL}.{name}_()"
        if name not in ("signbit", "isposinf", "isneginf", "sgn", "digamma"):  # torch's trigamma has nine digits
            yield f"x = leaf(3); grads(torch.{name}(x * 0.3), x)"
    for name in PAIRS:
        for double in ("", ".double()"):
            yield f"torch.{name}({SPECIAL}{double}, t([[2.0], [-2.0], [0.0], [inf], [nan], [0.7]]){double})"
        yield f"x = leaf(3); y = leaf(3); grads(torch.{name}(x, y + 0.25), x, y)"
    for n in (0, 1, 2, 4):
        yield f"torch.polygamma({n}, t([0.0, -0.0, 0.3, -0.7, 1.0, 0.5, 2.0, -3.5, 12.25, nan]))"
    yield f"torch.logit({SPECIAL}, 0.2)"
    yield f"torch.nan_to_num({SPECIAL}, 1.0, 2.0, 3.0)"
    x, y, z = "t([[1.0, -2.0], [3.0, 0.5]])", "t([2.0, 3.0])", "t([[0.5], [4.0]])"
    for name in ("addcmul", "addcdiv"):
        yield f"torch.{name}({x}, {y}, {z}, value=0.5)"
        yield f"{x}.{name}_({y}, {z})"
        yield f"torch.{name}({x}, t([1, 2]), t([3, 4]))"
    yield f"torch.lerp({x}, {y}, {z})"
    yield f"torch.lerp({x}, {y}, 0.75)"
    yield f"torch.lerp({x}, {y}.double(), 0.75)"
    yield f"{x}.lerp_({y}, 0.25)"
    yield f"{x}.float_power_(2)"
    yield f"torch.heaviside({x}, t([1]))"


def kinds() -> Iterator[str]:
    for code in KINDS:
        yield f'unary("{code}")'


def order() -> Iterator[str]:
    for code in ORDER:
        yield f"x = t([[3.0, 1.0, 2.0], [1.0, 1.0, 0.0]]); {code}"
    for code in ("torch.sort(x, 0).values", "torch.topk(x, 2).values", "torch.kthvalue(x, 2).values", "torch.median(x)",
                 "torch.median(x, 1).values", "torch.mode(x).values", "torch.quantile(x, 0.3, 1)", "torch.cumprod(x, 1)",
                 "torch.cummax(x, 1).values", "torch.logcumsumexp(x, 0)", "torch.diff(x)", "torch.trapezoid(x)",
                 "torch.nansum(x, 0)", "torch.nanmean(x, 1)", "torch.std_mean(x, 1)[0]", "torch.renorm(x, 2, 0, 1.0)",
                 "torch.dist(x, x.detach() * 2)", "torch.aminmax(x, dim=0).max"):  # fmt: skip
        yield f"x = leaf(3, 4); grads({code}, x)"


def products() -> Iterator[str]:
    values = "x = t([[3.0, 1.0, 2.0], [1.0, 1.0, 0.0]]); v = t([1.0, 2.0, 3.0]); s = t([[2.0, 1.0], [1.0, 3.0]])"
    for code in PRODUCTS:
        yield f"{values}; {code}"
    for code in ("torch.einsum('ij,kj->ik', x, x)", "torch.einsum('ii', x)", "torch.tensordot(x, x, 1)", "torch.kron(x, x)",
                 "torch.inner(x, x)", "torch.linalg.inv(x)", "torch.linalg.det(x)", "torch.linalg.slogdet(x)[1]",
                 "torch.linalg.solve(x, x.detach() + 1)", "torch.linalg.pinv(x)", "torch.linalg.matrix_power(x, -2)",
                 "torch.linalg.cholesky(x)", "torch.linalg.eigvalsh(x)", "torch.linalg.svdvals(x)", "torch.linalg.qr(x)[1]",
                 "torch.cdist(x, x.detach() + 1)", "torch.linalg.norm(x, 'nuc')", "torch.trace(x)"):  # fmt: skip
        yield f"x = t([[2.0, 0.5], [0.5, 3.0]], dtype=float64, requires_grad=True); grads({code}, x)"


SUBJECTS = {"elements": elements, "kinds": kinds, "order": order, "products": products}
