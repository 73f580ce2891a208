"""Every built-in part: stage -> versioned name -> `module:attribute`. Strings only, so nothing is imported.

A new meaning or a new default is a new version beside the old one.
"""

from __future__ import annotations

PARTS: dict[str, dict[str, str]] = {
    "reader": {
        "reader.files.v1": "palate.data.assemble:FilesReader",
    },
    "splitter": {
        "split.cold_items.v1": "palate.data.splits.cold_items:ColdItems",
        "split.cold_users.v1": "palate.data.splits.cold_users:ColdUsers",
        "split.leave_last_out.v1": "palate.data.splits.leave_last_out:LeaveLastOut",
        "split.ratio.v1": "palate.data.splits.ratio:Ratio",
        "split.time.v1": "palate.data.splits.time:Time",
    },
    "encoder": {
        "structured.fields.v1": "palate.encode.tabular.fields:Fields",
        "text.hashing.v1": "palate.encode.text.hashing:Hashing",
        "text.http.v1": "palate.encode.text.http:Http",
        "text.static.v1": "palate.encode.text.static:Static",
        "text.tfidf.v1": "palate.encode.text.tfidf:Tfidf",
        "text.transformer.v1": "palate.encode.text.transformer:Transformer",
    },
    "shaper": {
        "geometry.centre.v1": "palate.encode.geometry.scale:Centre",
        "geometry.codes.v1": "palate.encode.compress.quantised:CodesOf",
        "geometry.l2.v1": "palate.encode.geometry.scale:L2",
        "geometry.pca.v1": "palate.encode.geometry.spectral:Pca",
        "geometry.project.v1": "palate.encode.geometry.project:Project",
        "geometry.shrink.v1": "palate.encode.geometry.spectral:Shrink",
        "geometry.truncate.v1": "palate.encode.geometry.scale:Truncate",
        "geometry.whiten.v1": "palate.encode.geometry.spectral:Whiten",
        "storage.binary.v1": "palate.encode.compress.scalar:Binary",
        "storage.float16.v1": "palate.encode.compress.scalar:Float16",
        "storage.int8.v1": "palate.encode.compress.scalar:Int8",
        "storage.product.v1": "palate.encode.compress.quantised:Product",
        "storage.residual.v1": "palate.encode.compress.quantised:Residual",
        "storage.sparse.v1": "palate.encode.compress.sparse_codes:SparseCodes",
    },
    "tuner": {
        "adapt.attribute_dropout.v1": "palate.adapt.attribute_dropout:AttributeDropout",
        "adapt.contrastive.v1": "palate.adapt.contrastive:Contrastive",
        "adapt.distil.v1": "palate.adapt.distil:Distil",
    },
    "adapter": {
        "adapt.residual.v1": "palate.adapt.residual:Residual",
    },
    "scorer": {
        "model.blend.v1": "palate.model.blend:Blend",
        "model.cooccurrence.v1": "palate.model.cooccurrence:Cooccurrence",
        "model.dcn.v1": "palate.model.neural.dcn:DeepCross",
        "model.deepfm.v1": "palate.model.neural.deepfm:DeepFm",
        "model.ease.v1": "palate.model.ease:Ease",
        "model.fm.v1": "palate.model.neural.fm:FactorisationMachine",
        "model.ials.v1": "palate.model.ials:Ials",
        "model.item_knn.v1": "palate.model.item_knn:ItemKnn",
        "model.l3ae.v1": "palate.model.l3ae:L3ae",
        "model.linear.v1": "palate.model.linear:Linear",
        "model.popularity.v1": "palate.model.popularity:Popularity",
        "model.random.v1": "palate.model.random_scores:RandomScores",
        "model.recent_popularity.v1": "palate.model.popularity:RecentPopularity",
        "model.sasrec.v1": "palate.model.neural.sasrec:Sasrec",
        "model.slist.v1": "palate.model.slist:Slist",
        "model.tale.v1": "palate.model.tale:Tale",
        "model.text_kernel.v1": "palate.model.text_kernel:TextKernel",
        "model.two_tower.v1": "palate.model.neural.two_tower:TwoTower",
    },
    "metric": {
        "metric.auc.v1": "palate.evaluate.metrics.auc:Auc",
        "metric.hit.v1": "palate.evaluate.metrics.hit:Hit",
        "metric.map.v1": "palate.evaluate.metrics.map:Map",
        "metric.mrr.v1": "palate.evaluate.metrics.mrr:Mrr",
        "metric.ndcg.v1": "palate.evaluate.metrics.ndcg:Ndcg",
        "metric.precision.v1": "palate.evaluate.metrics.precision:Precision",
        "metric.recall.v1": "palate.evaluate.metrics.recall:Recall",
    },
    "listmetric": {
        "metric.coverage.v1": "palate.evaluate.metrics.coverage:Coverage",
        "metric.novelty.v1": "palate.evaluate.metrics.novelty:Novelty",
    },
    "explainer": {
        "explain.conditional.v1": "palate.explain.importance.permutation:Conditional",
        "explain.contributions.v1": "palate.explain.importance.trees:Contributions",
        "explain.drop.v1": "palate.explain.importance.refit:DropAndRefit",
        "explain.permutation.v1": "palate.explain.importance.permutation:Permutation",
        "explain.shapley.v1": "palate.explain.importance.shapley:GroupShapley",
    },
    "selector": {
        "select.conditional.v1": "palate.select.conditional:ConditionalFdr",
        "select.forward.v1": "palate.select.forward:Forward",
        "select.l1.v1": "palate.select.sparse_lines:L1",
        "select.mrmr.v1": "palate.select.filters:Mrmr",
        "select.mutual_information.v1": "palate.select.filters:MutualInformation",
        "select.redundancy.v1": "palate.select.filters:Redundancy",
        "select.stability.v1": "palate.select.stability:Stability",
        "select.variance.v1": "palate.select.filters:Variance",
    },
}
